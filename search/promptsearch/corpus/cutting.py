"""Sources into segments, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promptsearch.corpus.segments import Bytes, Position, Segment, Shard, next_cut, next_record
from promptsearch.corpus.sources import Source
from promptsearch.corpus.streams import PlainBytes, StreamBytes


def cut_plain(source: Source, shard: Shard, size: int, after: Position, piece: int) -> Iterator[Segment]:
    """Byte ranges of a plain file, or of a part of it; of the text only the places of the cuts are read."""
    stop = source.size or 0 if shard.end is None else shard.end
    index, start = after.index + 1, max(after.end, shard.start)
    with PlainBytes(source.path) as file:
        while start < stop:
            end, inside = _next(file, source, start, size, piece)
            if end >= stop:
                end, inside = stop, shard.open
            yield Segment(shard.source, index, start, end, consumed=end, open=inside)
            index, start = index + 1, end


def cut_stream(source: Source, number: int, size: int, after: Position, piece: int) -> Iterator[Segment]:
    """Stretches of a compressed file, each with its text."""
    assert source.compression is not None
    index, start = after.index + 1, after.end
    with StreamBytes(source.path, source.compression) as stream:
        stream.discard(start)
        while True:
            end, inside = _next(stream, source, start, size, piece)
            block = stream.read(start, end)
            last = not stream.read(end, end + 1)
            stream.discard(end)
            trouble = _trouble(stream, end) if last else None
            if block or trouble:
                inside = inside and not last
                yield Segment(number, index, start, end, block, stream.consumed, trouble, inside)
            if last:
                return
            index, start = index + 1, end


def cut_memory(
    texts: Sequence[str], number: int, rows: tuple[int, int], size: int, after: Position
) -> Iterator[Segment]:
    """Rows of texts in memory, about `size` characters a segment; the last one's end of `rows` is outside."""
    start, stop = max(rows[0], after.end), rows[1]
    index, characters, consumed = after.index + 1, 0, sum(map(len, texts[:start]))
    for row in range(start, stop):
        characters += len(texts[row])
        if characters >= size or row + 1 == stop:
            consumed += characters
            yield Segment(number, index, start, row + 1, consumed=consumed)
            index, start, characters = index + 1, row + 1, 0


def _next(data: Bytes, source: Source, start: int, size: int, piece: int) -> tuple[int, bool]:
    if source.kind == "jsonl":
        return next_record(data, start, size, source.name)
    return next_cut(data, start, size, piece)


def _trouble(stream: StreamBytes, end: int) -> str | None:
    if stream.trouble is None:
        return None
    return f"the archive breaks off after line {stream.lines:,} ({end:,} bytes of text): {stream.trouble}"
