"""Cutting a sentence into clauses at its punctuation marks."""

from __future__ import annotations

import re
from typing import NamedTuple

# Stops, commas and colons count where a gap or a closing mark follows, so that `3.5` and `U.S.` hold
# together; quotes, brackets, dashes and the marks of Chinese and Japanese count anywhere.
_BREAK = re.compile(
    r"""
    [.,;:!?…]+(?=[\s"'”’»)\]]|$) | \.{2,} | -{2,} | (?<=\s)-(?=\s)
    | [()\[\]"“”„«»—–\x96\x97] | [。！？；：，、]
    """,
    re.VERBOSE,
)
_LEADING = ".,;:!?…-*~=/"


class Clause(NamedTuple):
    """A stretch of a sentence between two punctuation marks.

    Attributes:
        start, end: first character and one past the last, without blanks around and marks before.
        mark: the marks that close it, empty at the end of a sentence without any.
    """

    start: int
    end: int
    mark: str


def clauses(sentence: str) -> list[Clause]:
    """The clauses of a sentence from left to right, none of them blank."""
    found: list[Clause] = []
    start = 0
    for match in _BREAK.finditer(sentence):
        _add(found, sentence, start, match.start(), match[0])
        start = match.end()
    _add(found, sentence, start, len(sentence), "")
    return found


def _add(found: list[Clause], sentence: str, start: int, end: int, mark: str) -> None:
    text = sentence[start:end]
    bare = text.lstrip().lstrip(_LEADING).lstrip()
    if bare:
        first = end - len(bare)
        found.append(Clause(first, first + len(bare.rstrip()), mark))
