"""What a segment holds: bytes of lines, or texts of rows, into sentences."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from promptsearch.corpus.segments import SegmentText, piece_length

_BOM = b"\xef\xbb\xbf"
_REPLACEMENT, _REPLACED = "\ufffd", b"\xef\xbf\xbd"
Split = Callable[[str], list[str]]


def without_bom(block: bytes) -> bytes:
    """The block without a byte-order mark at its head."""
    return block.removeprefix(_BOM)


def decoded(block: bytes) -> tuple[str, int]:
    """The text, and how many of its bytes are no UTF-8 and were replaced by U+FFFD."""
    try:
        return block.decode(), 0
    except UnicodeDecodeError:
        text = block.decode(errors="replace")
    # In the text a replaced run of bytes looks like U+FFFD written out, which takes three bytes.
    own = text.count(_REPLACEMENT) - block.count(_REPLACED)
    return text, len(block) - (len(text.encode()) - own * len(_REPLACED))


def read_lines(block: bytes, split: Split | None, piece: int, *, open_end: bool) -> SegmentText:
    """Sentences of a stretch of plain text.

    Args:
        split: a line into sentences; None: a line is one.
        open_end: the last line goes on in the next segment.
    """
    text, undecodable = decoded(block)
    lines = text.split("\n")
    # No character takes more than four bytes.
    if max(map(len, lines)) * 4 > piece:
        numbered: Iterable[tuple[int, str]] = _pieces(block, piece)
    else:
        numbered = enumerate(lines)
    ended = len(lines) - 1 + bool(lines[-1] and not open_end)
    return SegmentText(_sentences(numbered, split), ended, len(text), undecodable)


def read_records(block: bytes, column: str, split: Split | None, piece: int) -> SegmentText:
    """Sentences of a stretch of JSON lines: those of one field."""
    text, undecodable = decoded(block)
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    texts = [_field(line, column) if line.strip() else "" for line in lines]
    found = read_texts(texts, split, piece)
    return replace(found, undecodable=undecodable)


def read_texts(texts: Iterable[str | None], split: Split | None, piece: int) -> SegmentText:
    """Sentences of texts that may have several lines each; None: a row without a text."""
    sentences: list[tuple[int, str]] = []
    rows = characters = 0
    skipped: list[int] = []
    for row, text in enumerate(texts):
        rows += 1
        if text is None:
            skipped.append(row)
            continue
        characters += len(text)
        lines = [(row, line) for line in text.split("\n")]
        if len(text) * 4 > piece:
            pieces = (_pieces(line.encode(errors="replace"), piece) for _, line in lines)
            lines = [(row, part) for parts in pieces for _, part in parts]
        sentences += _sentences(lines, split)
    return SegmentText(sentences, rows, characters, 0, len(skipped), skipped[0] if skipped else None)


def _sentences(numbered: Iterable[tuple[int, str]], split: Split | None) -> list[tuple[int, str]]:
    if split is None:
        return [(number, bare) for number, line in numbered if (bare := line.strip())]
    found: list[tuple[int, str]] = []
    for number, line in numbered:
        if bare := line.strip():
            parts = split(bare)
            if len(parts) == 1:
                found.append((number, bare))
            else:
                found += [(number, part) for part in parts]
    return found


def _pieces(block: bytes, piece: int) -> Iterator[tuple[int, str]]:
    """(line, text) of every piece of every line."""
    number = start = 0
    while start < len(block):
        length = piece_length(block, start, piece)
        stop = start + length
        yield number, block[start:stop].decode(errors="replace")
        number += block[stop - 1] == ord("\n")
        start = stop


def _field(line: str, column: str) -> str | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    value = row.get(column) if isinstance(row, dict) else None
    return value if isinstance(value, str) else None
