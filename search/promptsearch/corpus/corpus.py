"""Any amount of text, read as a stream of segments."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from promptsearch.corpus.cutting import cut_memory, cut_plain, cut_stream
from promptsearch.corpus.places import find_sources
from promptsearch.corpus.segments import PIECE, SEGMENT, Position, Segment, SegmentText, Shard
from promptsearch.corpus.sentences import Splitting, resolved, splitter
from promptsearch.corpus.sources import Source
from promptsearch.corpus.texts import read_lines, read_records, read_texts, without_bom
from promptsearch.errors import DataError

SHARD = 64 << 20
_START = Position(-1, 0)


@dataclass(frozen=True)
class Corpus:
    """Text from any number of sources, one sentence or one document a line or row.

    Cheap to make and to pickle: nothing but the sources' names (and texts in memory) is held. One process
    cuts (`segments`), any number read (`read`).

    Attributes:
        splitting: how lines become sentences: by Punkt's English model, by the bundled rules, or not at all.
        texts: of a source in memory.
        piece: longer lines are read in pieces of this many bytes.
        notices: what a user must know of how the sources were found.
    """

    sources: tuple[Source, ...]
    splitting: Splitting = "rules"
    texts: tuple[str, ...] = ()
    piece: int = PIECE
    notices: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        places: Sequence[str | Path],
        *,
        column: str | None = None,
        sentences: Literal["auto", "punkt", "rules", "none"] = "auto",
    ) -> Corpus:
        """The corpus in files, folders, globs (`dumps/*.zst`) and data sets (`hf://org/name:config/split`).

        Args:
            column: the field of JSON lines, or the column of a table, that holds the text; else `text`.
            sentences: how a line is split: by Punkt's English model, by the bundled rules (also Punkt, with
                this package's abbreviations), by the former if it is there (`auto`), or not at all.

        Raises:
            DataError: a place holds nothing that can be read, a column is missing, or Punkt's model is.
        """
        sources, notices = find_sources(places, column)
        return cls(sources, resolved(sentences), notices=notices)

    @classmethod
    def of_texts(
        cls,
        texts: Iterable[str],
        name: str = "texts in memory",
        *,
        sentences: Literal["auto", "punkt", "rules", "none"] = "auto",
    ) -> Corpus:
        """The corpus of texts in memory, as a task's own unlabelled ones: one text a row."""
        held = tuple(texts)
        return cls((Source(name, "memory", sum(map(len, held))),), resolved(sentences), held)

    @property
    def size(self) -> int | None:
        """Bytes on disk of all sources; None where one is not known."""
        sizes = [source.size for source in self.sources]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over the sources, their sizes and times, and how they are split (hex, 64 digits)."""
        sources = [tuple(vars(source).items()) for source in self.sources]
        digest = hashlib.sha256(json.dumps([sources, self.splitting, self.piece]).encode())
        digest.update(json.dumps(self.texts).encode())
        return digest.hexdigest()

    def segments(
        self, size: int = SEGMENT, after: Mapping[int, tuple[int, int]] | None = None
    ) -> Iterator[Segment]:
        """All segments, source by source.

        Args:
            size: bytes of text a segment, about.
            after: source -> the `Position` of the last segment that has been read; the source is gone on
                with behind it. A source that is not named is read from its beginning.

        Raises:
            DataError: a source has become unreadable.
        """
        for number, source in enumerate(self.sources):
            position = Position(*(after or {}).get(number, _START))
            yield from self._cut(Shard(number, 0, source.size if source.plain else None), size, position)

    def shards(self, size: int = SHARD) -> list[Shard]:
        """What can be read apart, each by its own process: byte ranges of plain files, else whole sources."""
        found: list[Shard] = []
        for number, source in enumerate(self.sources):
            if source.plain:
                ranges = cut_plain(source, Shard(number, 0, source.size), size, _START, self.piece)
                found += [Shard(number, part.start, part.end, part.open) for part in ranges]
            elif source.kind == "memory":
                ranges = cut_memory(self.texts, number, (0, len(self.texts)), size, _START)
                found += [Shard(number, part.start, part.end) for part in ranges]
            else:
                found.append(Shard(number))
        return found

    def segments_of(self, shard: Shard, size: int = SEGMENT) -> Iterator[Segment]:
        """The segments of one shard; their `index` counts within the shard.

        Raises:
            DataError: the source has become unreadable.
        """
        return self._cut(shard, size, Position(-1, shard.start))

    def read(self, segment: Segment) -> SegmentText:
        """The sentences of a segment.

        Raises:
            DataError: the file has become shorter, or unreadable.
        """
        source = self.sources[segment.source]
        split = splitter(self.splitting)
        if source.kind == "memory":
            return read_texts(self.texts[segment.start : segment.end], split, self.piece)
        if source.kind not in ("text", "jsonl"):
            from promptsearch.corpus.rows import unpacked

            return read_texts(unpacked(segment.payload or b""), split, self.piece)
        block = segment.payload if segment.payload is not None else _read_range(source, segment)
        if segment.start == 0:
            block = without_bom(block)
        if source.kind == "jsonl":
            return read_records(block, source.column or "", split, self.piece)
        return read_lines(block, split, self.piece, open_end=segment.open)

    def _cut(self, shard: Shard, size: int, after: Position) -> Iterator[Segment]:
        source = self.sources[shard.source]
        if source.plain:
            return cut_plain(source, shard, size, after, self.piece)
        if source.compression:
            return cut_stream(source, shard.source, size, after, self.piece)
        if source.kind == "memory":
            rows = (shard.start, len(self.texts) if shard.end is None else shard.end)
            return cut_memory(self.texts, shard.source, rows, size, after)
        from promptsearch.corpus.rows import cut_rows

        return cut_rows(source, shard.source, size, after)


def _read_range(source: Source, segment: Segment) -> bytes:
    with source.open() as file:
        block = file.read(segment.start, segment.end)
    if len(block) < segment.end - segment.start:
        raise DataError(
            "the file has become shorter while it was read",
            where=source.path,
            hint="Start again when nothing writes to it.",
        )
    return block
