"""Mining a few sentences, small enough to count by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from promptsearch.corpus import SegmentText
from promptsearch.engines.mining.counts import Counts
from promptsearch.engines.mining.facts import FactCounter
from promptsearch.engines.mining.mined import Mined, top
from promptsearch.engines.mining.pairs import Fact
from promptsearch.engines.mining.words import Words

WORDS = Words()
TOWNS = {"Ada": "Rome", "Bo": "Oslo", "Cy": "Paris", "Di": "Lima", "Ed": "Cairo", "Flo": "Quito"}
BORN = [Fact(x, y) for x, y in TOWNS.items()]


def said(wording: str, people: str) -> list[str]:
    """`wording` with X and Y replaced, for each of the people."""
    return [wording.replace("X", x).replace("Y", TOWNS[x]) for x in people.split()]


def counted(sentences: Sequence[str], relations: Sequence[Sequence[Fact]] = (BORN,)) -> Counts:
    """What stands between names, at most eight words apart; a sentence a line."""
    counter = FactCounter.of(relations, WORDS, between=8)
    return counter.count(SegmentText(list(enumerate(sentences)), len(sentences), 0))


def mined(
    sentences: Sequence[str], relations: Sequence[Sequence[Fact]] = (BORN,), **options: Any
) -> list[Mined]:
    """The templates of the first relation; the others tell how specific they are."""
    others = range(1, len(relations))
    return top(counted(sentences, relations), 0, WORDS, sources=["towns.txt"], others=others, **options)


def supports(found: Sequence[Mined]) -> dict[str, int]:
    """Cloze template, with X and Y, -> support."""
    return {shown(each): each.support for each in found}


def shown(found: Mined) -> str:
    return str(found.cloze).replace("{subject}", "X").replace("{mask}", "Y")
