"""Leaving dates out of English text, with the words that belong to them."""

from __future__ import annotations

import re

_LONG = "January February March April May June July August September October November December"
_AND = r"(?:\s*[/–-]\s*|\s+(?:to|and|or)\s+)"


def _one_or_two(part: str) -> str:
    return f"{part}(?:{_AND}{part})?"


_MONTH = rf"(?:{'|'.join(_LONG.split())}|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
_MONTHS = _one_or_two(_MONTH)
_WEEKDAY = r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,?\s+)"
_DAYS = _one_or_two(r"(?:the\s+)?\d{1,2}(?:st|nd|rd|th)?\b")
_YEAR = r"\d{4}\b"
_OF_YEAR = rf"(?:(?:,|\s+of)?\s+{_YEAR})?"
# Day month year, month day year, month year, year month day, in numbers; decades and centuries.
_WITH_MONTH = (
    rf"{_WEEKDAY}?(?:{_DAYS}(?:\s+of)?\s+{_MONTH}(?!\w){_OF_YEAR}|{_MONTH}\s+{_DAYS}(?!\s+{_MONTH}){_OF_YEAR}"
    rf"|{_MONTHS}(?:,|\s+of)?\s+{_YEAR}|{_YEAR},?\s+{_MONTH}(?!\w)(?:\s+{_DAYS})?"
    r"|\d{4}-\d\d?-\d\d?\b|\d\d?[./]\d\d?[./](?:\d{4}|\d\d)\b"
    r"|(?:the\s+)?\d{3}0s\b|(?:the\s+)?(?:early\s+|late\s+|mid-)?\d{1,2}(?:st|nd|rd|th)[\s-]century\b)"
)
_PART = r"(?:(?:the\s+)?(?:early|late|mid)[\s-]+)?"
_DATE = rf"{_PART}(?:{_WITH_MONTH}|{_YEAR})"
# A bare year may be a number of something ("by 2000 votes"), but not behind these.
_BEFORE_YEAR = "in|since|until|till|during|circa"
_BEFORE_DATE = f"{_BEFORE_YEAR}|on|of|by|from|to|between|before|after|around|about"
# What a date begins with, looked at first, so that other words cost little.
_FIRST = rf"\b(?=\d|{_MONTH}|{_WEEKDAY}|(?:{_BEFORE_DATE}|the|early|late|mid)\b)"
_DATED = re.compile(
    rf"{_FIRST}(?:(?:from|between)\s+{_DATE}\s+(?:to|and|until|till)\s+{_DATE}"
    rf"|(?:(?:{_BEFORE_DATE})\s+)?{_PART}{_WITH_MONTH}"
    rf"|(?:{_BEFORE_YEAR})\s+{_PART}{_YEAR}(?![\w/–-]))(?!\w)(?:,?\s+|,(?=\s|$)|$)?"
)
_LEADING_MONTH = re.compile(rf"{_MONTH}(?!\w)\s*")
_DIGIT = re.compile(r"\d")


def without_dates(text: str) -> str:
    """The text without dates, and without a preposition or "the" before one that would lead to nothing.

    "born on 12 May 1815 in" becomes "born in"; so do "on the 12th of May, 1815", "on May 12, 1815", "in early
    May 1815" and "in 1815". A month without a number stays, and a year alone behind a word that may count
    something ("by 1815 votes").
    """
    return _DATED.sub("", text) if _DIGIT.search(text) else text


def without_month(text: str) -> str:
    """What follows a day's number, without the month that the number belongs to."""
    return _LEADING_MONTH.sub("", text.lstrip(), count=1) if _LEADING_MONTH.match(text.lstrip()) else text
