"""Lines into sentences, by nltk's Punkt (Kiss and Strunk 2006, Computational Linguistics 32(4)).

Where nltk's data has no English model, the bundled rules decide: those that Punkt itself applies when it
knows abbreviations and nothing else. They need no nltk, whose import takes a second and 190 MB a process.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Literal

from promptsearch.corpus.abbreviations import ABBREVIATIONS
from promptsearch.errors import DataError

Splitting = Literal["punkt", "rules", "none"]
Split = Callable[[str], list[str]]
_REMEMBERED, _LONGEST_WORD = 1 << 17, 64
# A stop, what closes with it, a gap, and the beginning of a word that is no lower-case letter; where words
# and marks stand apart ("it works . so does he") any word may follow. What follows is looked at only.
_STOPS, _CLOSING, _OPENING = ".?!", """"'”’»)]}""", """"'“‘«([{"""
_LOWER = "a-zß-öø-ÿα-ωа-џ"
_INNER_END = re.compile(
    rf"[{_STOPS}][{re.escape(_CLOSING)}]*\s+"
    rf"(?=[{re.escape(_OPENING)}]*[^\s{_STOPS}{_LOWER}]|(?<=[^{_STOPS}]\s[{_STOPS}]\s)[^\s{_STOPS}])"
)
_INITIALS = re.compile(r"(?:[^\W\d_]\.-?)*[^\W\d_]")


def resolved(asked: Literal["auto", "punkt", "rules", "none"]) -> Splitting:
    """The way of splitting that is used here: `auto` is Punkt's English model where nltk's data has it.

    Raises:
        DataError: `punkt` was asked for and is not there, or what was asked for is unknown.
    """
    if asked not in ("auto", "punkt", "rules", "none"):
        raise DataError(
            f"sentences cannot be split by {asked!r}", hint="Known are auto, punkt, rules and none."
        )
    if asked in ("rules", "none"):
        return asked
    if _has_punkt():
        return "punkt"
    if asked == "auto":
        return "rules"
    raise _no_punkt()


def splitter(splitting: Splitting) -> Split | None:
    """What splits a stripped line into its sentences; None where a line is a sentence.

    Raises:
        DataError: Punkt's model is not on this machine.
    """
    if splitting == "none":
        return None
    return _splitter_by_punkt() if splitting == "punkt" else _splitter_by_rules()


@functools.cache
def _splitter_by_rules() -> Split:
    return _split_where(functools.lru_cache(_REMEMBERED)(_ends_by_rules), _first_letter)


@functools.cache
def _splitter_by_punkt() -> Split:
    from nltk.tokenize.punkt import PunktTokenizer

    try:
        punkt = PunktTokenizer("english")
    except LookupError as error:
        raise _no_punkt() from error

    def ends(before: str, after: str) -> bool:
        return bool(punkt.text_contains_sentbreak(before + after))

    return _split_where(functools.lru_cache(_REMEMBERED)(ends), _first_word)


def _split_where(ends: Callable[[str, str], bool], following: Callable[[str, int], str]) -> Split:
    """Splits at those places of `_INNER_END` where a sentence ends.

    Args:
        ends: told the word with its stop and gap, and what follows. The same few stand at most places, so
            its answers are remembered.
        following: as much of what follows as the answer depends on.
    """
    search, find_all = _INNER_END.search, _INNER_END.finditer

    def split(line: str) -> list[str]:
        if search(line) is None:
            return [line]
        sentences, start = [], 0
        for match in find_all(line):
            stop, gap = match.span()
            word = max(line.rfind(" ", 0, stop) + 1, stop - _LONGEST_WORD)
            if ends(line[word:gap], following(line, gap)):
                sentences.append(line[start:gap].rstrip())
                start = gap
        sentences.append(line[start:])
        return sentences

    return split


def _ends_by_rules(before: str, after: str) -> bool:
    """Whether a sentence ends behind a word.

    It does at ? and !, and at a full stop that is not one of several, nor that of an abbreviation, nor of
    initials with a letter after them.
    """
    bare = before.rstrip()
    closed = bare.rstrip(_CLOSING)
    word = closed[:-1].split()[-1] if closed[:-1].strip() else ""
    word = word.lstrip(_OPENING)
    if closed[-1] != "." or not word:
        return True
    if word.endswith("."):
        return False
    lower = word.lower()
    if lower in ABBREVIATIONS or lower.rpartition("-")[2] in ABBREVIATIONS:
        return False
    return not (closed == bare and _INITIALS.fullmatch(word) and after.isalpha())


def _first_letter(line: str, start: int) -> str:
    return line[start]


def _first_word(line: str, start: int) -> str:
    return line[start : start + _LONGEST_WORD].split(maxsplit=1)[0]


def _has_punkt() -> bool:
    from promptsearch.knowledge.wordnet.files import nltk_roots

    return any((root / "tokenizers/punkt_tab/english/abbrev_types.txt").is_file() for root in nltk_roots())


def _no_punkt() -> DataError:
    return DataError(
        "Punkt's English model is not in nltk's data",
        hint="python -m nltk.downloader punkt_tab, or split by the bundled rules (rules).",
    )
