"""What runs over a corpus, what is told of the progress, and what can go wrong."""

from __future__ import annotations

from typing import Protocol

from promptsearch.corpus import Corpus, Segment, SegmentText
from promptsearch.engines.mining.counts import Counts
from promptsearch.errors import PromptSearchError


class Counter(Protocol):
    """Counts in one stretch of text; other processes get a copy of it.

    What is counted in a sentence must depend on that sentence alone.
    """

    def count(self, text: SegmentText, source: int = 0, segment: int = 0) -> Counts:
        """The counts of a segment, its places numbered as the segment's."""
        ...


class Progress(Protocol):
    """Is told how far counting is."""

    def advance(self, done: int, total: int | None, sentences: int) -> None:
        """Bytes on disk that have been read, all of them if known, and sentences so far.

        Told first before anything is read, of what an earlier run had.
        """
        ...


class RunningError(PromptSearchError):
    """Counting that cannot be started or finished: workers that die, a cluster that does not answer."""


def place_of(corpus: Corpus, segment: Segment) -> str:
    """Where a segment is, for people."""
    source = corpus.sources[segment.source]
    unit = "bytes of text" if source.kind in ("text", "jsonl") else "rows"
    return f"{source.name}, {unit} {segment.start:,} to {segment.end:,}"
