"""Cutting text into words, and which spellings count as one."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice

# Scripts written without spaces, in which each character is taken for a word: Thai, Lao, Burmese, Khmer,
# kana and Chinese characters.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
# Not re.ASCII, for which some control characters are no blanks.
_ASCII = re.compile(r"[A-Za-z0-9_]+|[^A-Za-z0-9_\s]")
_ANY_SCRIPT = re.compile(r"\w+|[^\w\s]")
# None of the Latin letters of Unicode's first blocks, dashes and quotation marks combines with what is before
# it, or is of a script without spaces.
_BEYOND_LATIN = re.compile("[^\x00-\u02ff\u2010-\u2027\u20ac]")

# Signs that are words by themselves; control characters, which are too, are left to the pattern.
_SIGNS = tuple(c for c in map(chr, range(33, 127)) if not c.isalnum() and c != "_")
_BLANKED = "".join(c if c.isalnum() or c == "_" else " " for c in map(chr, range(128)))


@dataclass(frozen=True)
class Words:
    """Words and punctuation marks of a text, folded so that equal ones count as one.

    A word is a run of letters, digits and underscores with the marks that combine with them; every other
    character that is no blank is a word by itself.

    Attributes:
        fold_case: whether `Paris` and `PARIS` are one word.
        fold_accents: whether `Orléans` and `Orleans` are one word.
    """

    fold_case: bool = True
    fold_accents: bool = True

    def of(self, text: str) -> list[str]:
        """The folded words of `text`, which must be `composed`."""
        if text.isascii():
            return _ascii_words(text.lower() if self.fold_case else text)
        lower = str.lower if self.fold_case else str
        return [lower(word) if word.isascii() else self.fold(word) for word in _pattern(text).findall(text)]

    def without_marks(self, text: str) -> list[str]:
        """The words of `of` without punctuation marks, for ASCII text alone; half the work."""
        return (text.lower() if self.fold_case else text).translate(_BLANKED).split()

    def starts_and_ends(self, text: str, most: int | None = None) -> tuple[list[int], list[int]]:
        """Where each word of `of` starts and ends in `text`, or the first `most` words."""
        pattern = _ASCII if text.isascii() else _pattern(text)
        spans = [match.span() for match in islice(pattern.finditer(text), most)]
        return [start for start, _ in spans], [end for _, end in spans]

    def fold(self, word: str) -> str:
        """One word in the form that stands for all its spellings."""
        if word.isascii():
            return word.lower() if self.fold_case else word
        return _folded(word, self.fold_case, self.fold_accents)

    def key(self, text: str) -> tuple[str, ...]:
        """The words of any text; texts of equal words are the same name.

        Each word is held once (`sys.intern`), however many names have it.
        """
        return tuple(map(sys.intern, self.of(composed(text))))


def composed(text: str) -> str:
    """`text` with letters and their accents in one character, where there is one (Unicode's NFC)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def has_letters(words: Sequence[str]) -> bool:
    """Whether any of the words is more than a punctuation mark."""
    return any(character.isalnum() for word in words for character in word)


@lru_cache(maxsize=1 << 16)
def _folded(word: str, case: bool, accents: bool) -> str:
    if case:
        word = word.casefold()
    if accents:
        parts = unicodedata.normalize("NFKD", word)
        bare = "".join(part for part in parts if not unicodedata.combining(part))
        # In some scripts vowels are combining marks; a word must not vanish with them.
        word = bare or word
        # Compatibility characters such as the "fullwidth" and raised ones come apart into capitals.
        word = word.casefold() if case else word
    return unicodedata.normalize("NFC", word)


def _ascii_words(text: str) -> list[str]:
    """What `_ASCII` finds, in two thirds of the time: blanks around each sign that occurs, and a split."""
    if not text.isprintable():
        return _ASCII.findall(text)
    for sign in _SIGNS:
        if sign in text:
            text = text.replace(sign, f" {sign} ")
    return text.split()


def _pattern(text: str) -> re.Pattern[str]:
    """The pattern of a word, for text that is not ASCII: a simple one where that finds the same."""
    return _ANY_SCRIPT if _BEYOND_LATIN.search(text) is None else _with_marks()


@cache
def _with_marks() -> re.Pattern[str]:
    """The pattern of a word for any script, with combining marks inside words."""
    letter, mark = rf"[^\W{_UNSPACED}]", f"[{_marks()}]"
    return re.compile(rf"{letter}+(?:{mark}+{letter}*)*|[{_UNSPACED}]{mark}*|[^\w\s]")


@cache
def _marks() -> str:
    """Ranges of the combining marks, for a character class; `re` has no name for them."""
    ranges: list[list[int]] = []
    for code in range(0x300, min(sys.maxunicode, 0x1FFFF) + 1):
        if unicodedata.category(chr(code))[0] != "M":
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    ranges.append([0xE0100, 0xE01EF])  # variation selectors
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in ranges)
