"""What was counted in a stretch of text, how counts are merged, and how they are kept small."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

MOST = 250_000
"""Places to hold, see `prune`."""
Pair = tuple[int, int]
"""Numbers of the two names (or words) that met."""


class Key(NamedTuple):
    """What is counted.

    Attributes:
        group: the relation; `-1 - relation` for pairs that are not of it.
        order: 0 where x comes first, 1 where y does; other miners use it as they need.
        text: the words between, or the frame, as they stand in the text.
    """

    group: int
    order: int
    text: str


class Place(NamedTuple):
    """Where a pair was seen; places sort in the order of the text.

    Attributes:
        source, segment: which source of the corpus, and which segment of it.
        number: number of the sentence in the segment.
        line: line or row in the segment, from 0.
        sentence: the sentence.
        x, y: first character and one past the last of the two, in the sentence.
    """

    source: int
    segment: int
    number: int
    line: int
    sentence: str
    x: tuple[int, int]
    y: tuple[int, int]


@dataclass
class Counts:
    """Distinct pairs of each key, each with the first place it was seen at.

    Attributes:
        seen: key -> pair -> first place.
        lines: (source, segment) -> number of lines, for line numbers in the whole source.
        sentences, characters, undecodable: how much text was read; bytes that were no text.
        matched: sentences with a pair of a relation, near enough.
        names: numbers of the names that were met.
        together: pairs that were met in one sentence, near or far.
        missed: the support of a key may be too low by at most so many pairs; 0 where counts are exact.
        troubles: what could not be read, in words.
        before: of the sentences, those that an earlier run had read, which this one went on from.
    """

    seen: dict[Key, dict[Pair, Place]] = field(default_factory=dict)
    lines: dict[tuple[int, int], int] = field(default_factory=dict)
    sentences: int = 0
    characters: int = 0
    undecodable: int = 0
    matched: int = 0
    names: set[int] = field(default_factory=set)
    together: set[tuple[int, Pair]] = field(default_factory=set)
    missed: int = 0
    troubles: tuple[str, ...] = ()
    before: int = field(default=0, compare=False)

    @property
    def entries(self) -> int:
        """Number of places that are held, which memory goes with."""
        return sum(map(len, self.seen.values()))

    def see(self, key: Key, pair: Pair, place: Place) -> None:
        """Count a pair; of two places the first is kept."""
        places = self.seen.setdefault(key, {})
        known = places.get(pair)
        if known is None or place < known:
            places[pair] = place

    def line_of(self, place: Place) -> int:
        """Line or row of a place in its source, from 1."""
        before = sum(self.lines.get((place.source, segment), 0) for segment in range(place.segment))
        return before + place.line + 1

    def record(self) -> dict[str, Any]:
        """The counts as JSON can hold them."""
        sentences: dict[str, int] = {}
        seen = [
            [*key, [[*pair, *_packed(place, sentences)] for pair, place in sorted(places.items())]]
            for key, places in sorted(self.seen.items())
        ]
        return {
            "seen": seen,
            "texts": list(sentences),
            "lines": [[*at, n] for at, n in sorted(self.lines.items())],
            "sentences": self.sentences,
            "characters": self.characters,
            "undecodable": self.undecodable,
            "matched": self.matched,
            "names": sorted(self.names),
            "together": [[group, *pair] for group, pair in sorted(self.together)],
            "missed": self.missed,
            "troubles": list(self.troubles),
        }

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Counts:
        """Read what `record` gave."""
        texts = record["texts"]
        return cls(
            seen={
                Key(group, order, text): {
                    (a, b): Place(source, segment, number, line, texts[at], (x0, x1), (y0, y1))
                    for a, b, source, segment, number, line, at, x0, x1, y0, y1 in places
                }
                for group, order, text, places in record["seen"]
            },
            lines={(source, segment): n for source, segment, n in record["lines"]},
            sentences=record["sentences"],
            characters=record["characters"],
            undecodable=record["undecodable"],
            matched=record["matched"],
            names=set(record["names"]),
            together={(group, (a, b)) for group, a, b in record["together"]},
            missed=record["missed"],
            troubles=tuple(record["troubles"]),
        )


def _packed(place: Place, sentences: dict[str, int]) -> Iterator[int]:
    at = sentences.setdefault(place.sentence, len(sentences))
    yield from (place.source, place.segment, place.number, place.line, at, *place.x, *place.y)


def merge(parts: Iterable[Counts], most: int | None = None) -> Counts:
    """The counts of all parts together; the order of the parts changes nothing unless counts are pruned.

    Args:
        most: places to hold; beyond, `prune` drops the rarest keys.
    """
    total = Counts()
    for part in parts:
        for key, places in part.seen.items():
            known = total.seen.setdefault(key, {})
            for pair, place in places.items():
                if pair not in known or place < known[pair]:
                    known[pair] = place
        total.lines.update(part.lines)
        total.sentences += part.sentences
        total.characters += part.characters
        total.undecodable += part.undecodable
        total.matched += part.matched
        total.names |= part.names
        total.together |= part.together
        total.missed += part.missed
        total.troubles = tuple(dict.fromkeys((*total.troubles, *part.troubles)))
    return total if most is None else prune(total, most)


def prune(counts: Counts, most: int) -> Counts:
    """Drop the keys of fewest pairs until at most half of `most` places are held, if there are more.

    The keys of most pairs stay where at most `most` places are theirs, though it be more than half.
    All keys of a support up to some t go, and `missed` grows by t: a key that is met again later lacks at
    most t pairs. So support <= true support <= support + missed for every key, kept or gone, over any
    number of prunings and merges (the bound of lossy counting, Manku and Motwani 2002, here for sets).
    """
    held = counts.entries
    if held <= most:
        return counts
    of_support: dict[int, int] = {}
    for places in counts.seen.values():
        of_support[len(places)] = of_support.get(len(places), 0) + len(places)
    threshold = 0
    for support in sorted(of_support):
        rest = held - of_support[support]
        if held <= most // 2 or (held <= most and not rest):
            break
        held = rest
        threshold = support
    kept = {key: places for key, places in counts.seen.items() if len(places) > threshold}
    return replace(counts, seen=kept, missed=counts.missed + threshold)
