"""Counts of segments into those of the corpus: merged in place, in the order of the text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from promptsearch.corpus import Corpus, Segment, Source
from promptsearch.engines.mining.counts import Counts, Place, prune
from promptsearch.engines.mining.running.base import Counter
from promptsearch.showing import count


class Skipped(NamedTuple):
    """Rows of a source without a text, and where the first of them stands.

    Attributes:
        line: within the segment, from 0.
    """

    rows: int
    segment: int
    line: int

    def and_also(self, other: Skipped) -> Skipped:
        """Those of both."""
        return Skipped(self.rows + other.rows, *min(self[1:], other[1:]))


@dataclass
class Part:
    """The counts of some segments.

    Attributes:
        sentences: (source, segment) -> number of sentences; `counts.lines` holds the lines.
        skipped: source -> its rows without a text.
    """

    counts: Counts = field(default_factory=Counts)
    sentences: dict[tuple[int, int], int] = field(default_factory=dict)
    skipped: dict[int, Skipped] = field(default_factory=dict)

    @classmethod
    def of(cls, counter: Counter, corpus: Corpus, segment: Segment) -> Part:
        """Read a segment and count in it.

        Raises:
            DataError: the segment cannot be read.
        """
        text = corpus.read(segment)
        counts = counter.count(text, segment.source, segment.index)
        if segment.trouble:
            counts.troubles = (*counts.troubles, f"{corpus.sources[segment.source].name}: {segment.trouble}")
        skipped = {}
        if text.first_skipped is not None:
            skipped[segment.source] = Skipped(text.skipped, segment.index, text.first_skipped)
        return cls(counts, {(segment.source, segment.index): len(text.sentences)}, skipped)

    def finished(self, corpus: Corpus) -> Counts:
        """The counts of the whole corpus: each source is one segment, however it was cut."""
        counts = self.joined(0).counts
        skipped = [_told(corpus.sources[source], rows) for source, rows in sorted(self.skipped.items())]
        counts.troubles = (*corpus.notices, *counts.troubles, *skipped)
        return counts

    def joined(self, segment: int) -> Part:
        """This part, in place, with all segments of a source become one of the number `segment`."""
        before: dict[tuple[int, int], tuple[int, int]] = {}
        lines: dict[tuple[int, int], int] = {}
        sentences: dict[tuple[int, int], int] = {}
        for at in sorted(self.counts.lines):
            whole = at[0], segment
            before[at] = sentences.setdefault(whole, 0), lines.setdefault(whole, 0)
            sentences[whole] += self.sentences.get(at, 0)
            lines[whole] += self.counts.lines[at]
        for places in self.counts.seen.values():
            for pair, place in places.items():
                source, part, number, line, sentence, x, y = place
                earlier = before[source, part]
                places[pair] = Place(source, segment, number + earlier[0], line + earlier[1], sentence, x, y)
        for source, (rows, part, line) in self.skipped.items():
            self.skipped[source] = Skipped(rows, segment, line + before[source, part][1])
        self.counts.lines, self.sentences = lines, sentences
        return self


def _told(source: Source, skipped: Skipped) -> str:
    """What a user is told of rows that were left out; the one segment of the source is the whole of it."""
    records = source.kind == "jsonl"
    unit = "line" if records else "row"
    why = f"no JSON object, or no text as {source.column!r}" if records else "no text"
    first = "" if skipped.rows == 1 else "first "
    left_out = f"{count(skipped.rows, unit)} left out ({why})"
    return f"{source.name}: {left_out}, {first}{unit} {skipped.line + 1:,}."


class Tally:
    """Counts that parts are added to.

    A part costs time in proportion to its own size, so the whole goes with the length of the text; memory
    holds `most` places and one part. With the same parts in the same order the result is the same.

    Args:
        most: places to hold; beyond, `prune` drops the rarest keys.
        part: what has been counted already; it changes.
    """

    def __init__(self, most: int, part: Part | None = None) -> None:
        self.part = part or Part()
        self._most = most
        self._held = self.part.counts.entries

    def add(self, part: Part) -> None:
        """Count a part; the part itself does not change."""
        self.unite(part)
        self.sum(part)

    def unite(self, part: Part) -> None:
        """The sets of a part; doing it twice, or breaking off and doing it again, changes nothing."""
        total, seen = self.part.counts, self.part.counts.seen
        for key, places in part.counts.seen.items():
            known = seen.get(key)
            if known is None:
                seen[key] = dict(places)
                self._held += len(places)
                continue
            self._held -= len(known)
            for pair, place in places.items():
                if pair not in known or place < known[pair]:
                    known[pair] = place
            self._held += len(known)
        total.names |= part.counts.names
        total.together |= part.counts.together

    def sum(self, part: Part) -> None:
        """The numbers of a part, once its sets are in."""
        if self._held > self._most:
            self.part.counts = prune(self.part.counts, self._most)
            self._held = self.part.counts.entries
        total, counts = self.part.counts, part.counts
        total.lines.update(counts.lines)
        total.sentences += counts.sentences
        total.characters += counts.characters
        total.undecodable += counts.undecodable
        total.matched += counts.matched
        total.missed += counts.missed
        total.troubles = tuple(dict.fromkeys((*total.troubles, *counts.troubles)))
        self.part.sentences.update(part.sentences)
        for source, skipped in part.skipped.items():
            known = self.part.skipped.get(source)
            self.part.skipped[source] = skipped if known is None else known.and_also(skipped)


def merged(parts: Iterable[Part], most: int) -> Part:
    """All parts together, which do not change."""
    tally = Tally(most)
    for part in parts:
        tally.add(part)
    return tally.part
