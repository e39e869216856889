"""Sentences that a template was found in, with its words and the two sides of a pair marked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from itertools import pairwise
from typing import Literal, TypeAlias

from promptsearch.engines.mining.mined import Sighting
from promptsearch.report.document import MarkedBlock
from promptsearch.report.marks import code, escape
from promptsearch.showing import whole_text

Piece: TypeAlias = tuple[str, Literal["", "name", "between"]]
"""Text of a sentence, and what it is: a side of a pair, words of the template, or neither."""

# Characters shown of a long stretch, at each of its ends that stands at something marked.
_AROUND = 80


def sightings_block(sightings: Sequence[Sighting], sources: Sequence[str]) -> MarkedBlock:
    """The sentences, each with where it stands.

    Args:
        sources: all of the corpus; their folders are left out where that tells them apart.
    """
    names = _short_names(sources)
    return MarkedBlock(
        sentences=tuple(pieces_of(sighting) for sighting in sightings),
        places=tuple(whole_text(f"{names.get(s.source, s.source)}:{s.line}") for s in sightings),
    )


def _short_names(sources: Sequence[str]) -> dict[str, str]:
    """Sources without their folders, where that tells them apart."""
    short = {source: re.split(r"[/\\]", source)[-1] or source for source in sources}
    return short if len(set(short.values())) == len(short) else {}


class _Mark(IntEnum):
    NONE = 0
    WORDS = 1
    SIDE = 2


_NAMES: dict[_Mark, Literal["", "name", "between"]] = {
    _Mark.NONE: "",
    _Mark.WORDS: "between",
    _Mark.SIDE: "name",
}


def pieces_of(sighting: Sighting) -> tuple[Piece, ...]:
    """The sentence in pieces, long ones without their middle; blanks at an end of a piece are one."""
    stretches = _stretches(sighting)
    found: list[Piece] = []
    for i, (mark, text) in enumerate(stretches):
        inner = text.strip()
        plain = mark is _Mark.NONE
        inner = _cut(inner, not plain or i > 0, not plain or i + 1 < len(stretches))
        blanks = " " * text[:1].isspace(), " " * (text[-1:].isspace() and bool(inner))
        found.append((whole_text(f"{blanks[0]}{inner}{blanks[1]}"), _NAMES[mark]))
    return tuple(found)


def marked_line(pieces: Sequence[Piece]) -> str:
    """A sentence in Markdown, on one line: sides bold, words of the template as code, the rest plain."""
    shown: list[str] = []
    for i, (text, mark) in enumerate(pieces):
        inner = text.strip()
        if inner and mark == "name":
            inner = f"**{escape(inner)}**"
        elif inner and mark == "between":
            inner = code(" ".join(inner.split()))
        elif inner:
            before = pieces[i - 1][0] if i and not text[0].isspace() else ""
            after = pieces[i + 1][0] if i + 1 < len(pieces) and not text[-1].isspace() else ""
            inner = _beside(escape(inner), before[-1:], after[:1])
        shown.append(f"{' ' * text[:1].isspace()}{inner}{' ' * (text[-1:].isspace() and bool(inner))}")
    return "".join(shown).strip()


def _stretches(sighting: Sighting) -> list[tuple[_Mark, str]]:
    """The sentence cut where a mark begins or ends; of two marks on one place, a side's counts."""
    sentence = sighting.sentence
    spans = ((_Mark.WORDS, sighting.words), (_Mark.SIDE, sighting.x), (_Mark.SIDE, sighting.y))
    ends = sorted({0, len(sentence), *(end for _, span in spans for end in span)})
    found: list[tuple[_Mark, str]] = []
    for start, end in pairwise(ends):
        mark = max((m for m, (left, right) in spans if left <= start and end <= right), default=_Mark.NONE)
        if found and found[-1][0] is mark:
            found[-1] = mark, found[-1][1] + sentence[start:end]
        else:
            found.append((mark, sentence[start:end]))
    return found


def _cut(text: str, head: bool, tail: bool) -> str:
    """Text without its middle, where that is long, or without an end at which nothing marked stands."""
    if len(text) <= 2 * _AROUND:
        return text
    return f"{text[:_AROUND] * head} … {text[-_AROUND:] * tail}".strip()


def _beside(plain: str, before: str, after: str) -> str:
    """Escaped text next to a mark: its character there as a reference, where the mark has punctuation there.

    To CommonMark, asterisks between punctuation and a letter neither begin nor end what is bold; those
    between punctuation and the `&` or `;` of a reference do.

    Args:
        before, after: the characters within the marks on either side, where no space lies between.
    """
    if before and not before.isalnum() and plain[0] not in "\\&":
        plain = f"&#{ord(plain[0])};{plain[1:]}"
    if after and not after.isalnum() and plain[-1] != ";":
        head = plain[:-1].removesuffix("\\") if plain[-1] in "\\`*_[]<>|#~$" else plain[:-1]
        plain = f"{head}&#{ord(plain[-1])};"
    return plain
