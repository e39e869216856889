"""Stretches of a source: how bytes are cut so that any stretch can be read by itself.

A cut stands at the start of a line, or inside a line longer than a piece (64 KiB) at the end of one of
its pieces. Both can be found from the cut before, and neither depends on how large the stretches are:
whatever the size, the same lines and pieces are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from promptsearch.errors import DataError

PIECE = 64 << 10
SEGMENT = 1 << 20
LONGEST_RECORD = 256 << 20
_STRIDE = 1 << 20


class Position(NamedTuple):
    """How far a source has been read: the last segment's number, and where it ends."""

    index: int
    end: int


@dataclass(frozen=True)
class Segment:
    """A stretch of one source that any process can read.

    Attributes:
        source: index into `Corpus.sources`.
        index: 0, 1, 2 … in its source (in its shard, where it comes from `Corpus.segments_of`).
        start, end: bytes of a plain file, bytes of the decompressed text, or rows.
        payload: what the segment holds, where the source cannot be entered in the middle.
        consumed: bytes on disk used up to the end of this segment.
        trouble: what is wrong with the source at the end of this segment, as one sentence.
        open: it ends inside a line, which the next segment goes on with.
    """

    source: int
    index: int
    start: int
    end: int
    payload: bytes | None = None
    consumed: int = 0
    trouble: str | None = None
    open: bool = False

    @property
    def position(self) -> Position:
        """Where reading goes on after this segment; see `Corpus.segments`."""
        return Position(self.index, self.end)


@dataclass(frozen=True)
class SegmentText:
    """What a segment holds.

    Attributes:
        sentences: (line or row within the segment, from 0; sentence).
        lines: lines or rows that end in the segment, blank ones too. Summed over the segments before, it
            gives a line's number in the source, also for a line that several segments share.
        characters: of the text, line ends included.
        undecodable: bytes that are no UTF-8, replaced by U+FFFD.
        skipped: rows without a text: damaged JSON, no such field, not a string.
        first_skipped: line or row of the first of them, within the segment.
    """

    sentences: list[tuple[int, str]]
    lines: int
    characters: int
    undecodable: int = 0
    skipped: int = 0
    first_skipped: int | None = None


@dataclass(frozen=True)
class Shard:
    """What one task of a cluster reads by itself: bytes of a plain file, rows in memory, or a whole source.

    Attributes:
        end: None for a whole source.
        open: it ends inside a line.
    """

    source: int
    start: int = 0
    end: int | None = None
    open: bool = False


class Bytes(Protocol):
    """Text as bytes that can be looked at from `start` of the current segment on."""

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end`; fewer only where the text ends."""
        ...


def next_cut(data: Bytes, start: int, size: int, piece: int) -> tuple[int, bool]:
    """Where a segment of about `size` bytes that starts at `start` ends, and whether inside a line."""
    target = start + size
    near = data.read(target - 1, target + piece)
    newline = near.find(b"\n")
    if newline >= 0:
        return target + newline, False
    if len(near) <= piece:
        return (target - 1 + len(near) if near else start + len(data.read(start, target))), False
    position, ended = _line_start(data, start, target - 1), False
    while position < target:
        window = data.read(position, position + piece + 1)
        length = piece_length(window, 0, piece)
        position, ended = position + length, window[length - 1] == ord("\n")
    return position, not ended


def next_record(data: Bytes, start: int, size: int, place: str) -> tuple[int, bool]:
    """The same for lines that must stay whole, as JSON must.

    Raises:
        DataError: a line is longer than 256 MiB.
    """
    position = start + size - 1
    while position - start - size < LONGEST_RECORD:
        block = data.read(position, position + PIECE)
        newline = block.find(b"\n")
        if newline >= 0:
            return position + newline + 1, False
        if len(block) < PIECE:
            return (position + len(block) if block else start + len(data.read(start, position))), False
        position += len(block)
    raise DataError(
        f"a line is longer than {LONGEST_RECORD >> 20} MiB",
        where=f"{place}, after byte {start:,} of the text",
        hint="JSON lines hold one object a line: is it a JSON list? Write one text a line.",
    )


def piece_length(block: bytes, start: int, piece: int) -> int:
    """Bytes of the piece of a line that begins at `start` of `block`, its line end included.

    A rest of at most `piece` bytes is a piece. A longer one is cut behind its last blank, or, where there is
    none, before the character that does not fit.
    """
    newline = block.find(b"\n", start, start + piece + 1)
    if newline >= 0:
        return newline + 1 - start
    if len(block) - start <= piece:
        return len(block) - start
    stop = start + piece
    blank = max(block.rfind(b" ", start + 1, stop), block.rfind(b"\t", start + 1, stop))
    if blank > 0:
        return blank + 1 - start
    cut = stop
    while stop - cut < 3 and cut > start + 1 and block[cut] & 0xC0 == 0x80:
        cut -= 1
    # Four bytes on end that continue a character are no UTF-8: any cut will do.
    return (stop if block[cut] & 0xC0 == 0x80 else cut) - start


def _line_start(data: Bytes, start: int, before: int) -> int:
    """Start of the line that holds the byte at `before`, or `start` if that comes later."""
    while before > start:
        low = max(start, before - _STRIDE)
        newline = data.read(low, before).rfind(b"\n")
        if newline >= 0:
            return low + newline + 1
        before = low
    return start
