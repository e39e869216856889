"""Any amount of text as a stream: plain and compressed files, JSON lines, tables, data sets."""

from promptsearch.corpus.corpus import Corpus
from promptsearch.corpus.segments import Position, Segment, SegmentText, Shard
from promptsearch.corpus.sources import Source

__all__ = ["Corpus", "Position", "Segment", "SegmentText", "Shard", "Source"]
