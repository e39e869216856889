"""Bytes of plain and compressed files, decompressed as they are asked for."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, Protocol

from promptsearch.corpus.zstd import zstd_blocks
from promptsearch.errors import DataError

Compression = Literal["gzip", "zstd", "bzip2", "xz"]
_MAGIC: tuple[tuple[bytes, Compression], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
)
# A damaged place costs the text of the call that meets it, so calls are small.
_IN, _OUT = 32 << 10, 128 << 10


def compression_of(head: bytes) -> Compression | None:
    """How a file that begins with these bytes is compressed."""
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


def open_file(path: str) -> BinaryIO:
    """Raises DataError when the file is missing or may not be read."""
    try:
        return Path(path).open("rb")
    except FileNotFoundError as error:
        raise DataError("no such file", where=path, hint="Check the path.") from error
    except OSError as error:
        raise DataError(f"the file cannot be read: {error.strerror}", where=path) from error


class PlainBytes:
    """A plain file."""

    trouble: str | None = None

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = open_file(path)

    def __enter__(self) -> PlainBytes:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end`; fewer only where the file ends."""
        try:
            self._file.seek(start)
            return self._file.read(end - start)
        except OSError as error:
            raise DataError(f"the file cannot be read: {error.strerror}", where=self._path) from error


class StreamBytes:
    """A compressed file; bytes before the last `discard` are gone.

    Attributes:
        trouble: why the archive breaks off, once its end has been met.
        lines: line ends in what was discarded.
    """

    def __init__(self, path: str, compression: Compression) -> None:
        self._path = path
        self._file = open_file(path)
        self._blocks = _BLOCKS[compression](self._file)
        self._buffer = bytearray()
        self._base = 0
        self._ended = False
        self.trouble: str | None = None
        self.lines = 0

    def __enter__(self) -> StreamBytes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def consumed(self) -> int:
        """Bytes of the file read so far."""
        return self._file.tell()

    def read(self, start: int, end: int) -> bytes:
        """The bytes of text from `start` up to `end`; fewer only where the text ends or breaks off."""
        while not self._ended and self._base + len(self._buffer) < end:
            self._fill()
        return bytes(memoryview(self._buffer)[max(0, start - self._base) : max(0, end - self._base)])

    def discard(self, end: int) -> None:
        """Forget the bytes before `end`."""
        while self._base < end and (self._buffer or not self._ended):
            if not self._buffer:
                self._fill()
            gone = min(end - self._base, len(self._buffer))
            self.lines += self._buffer.count(b"\n", 0, gone)
            del self._buffer[:gone]
            self._base += gone

    def _fill(self) -> None:
        try:
            self._buffer += next(self._blocks)
        except StopIteration:
            self._ended = True
        except (EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
            self._ended, self.trouble = True, str(error)
        except OSError as error:
            self._ended, self.trouble = True, error.strerror or str(error)


class _Decompressor(Protocol):
    """What `bz2` and `lzma` share."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes: ...


class _Gunzip:
    """zlib's decompressor with the methods of those in `bz2` and `lzma`."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max(0, max_length))


def _members(start: Callable[[], _Decompressor], what: str) -> Callable[[BinaryIO], Iterator[bytes]]:
    """Blocks of text of a file made of one or more members, each read by a fresh decompressor."""

    def blocks(file: BinaryIO) -> Iterator[bytes]:
        decompressor, data = start(), file.read(_IN)
        while data or not decompressor.needs_input:
            yield from _careful(decompressor, data)
            if decompressor.eof:
                data = decompressor.unused_data.lstrip(b"\0")
                while not data and (more := file.read(_IN)):
                    data = more.lstrip(b"\0")
                if not data:
                    return
                decompressor = start()
            else:
                data = file.read(_IN)
        raise EOFError(f"the {what} file ends too early")

    return blocks


def _careful(decompressor: _Decompressor, data: bytes) -> Iterator[bytes]:
    """What `data` decompresses to, at most 128 KiB at a time."""
    yield decompressor.decompress(data, _OUT)
    while not decompressor.needs_input and not decompressor.eof:
        block = decompressor.decompress(b"", _OUT)
        if not block:
            return
        yield block


_BLOCKS: dict[Compression, Callable[[BinaryIO], Iterator[bytes]]] = {
    "gzip": _members(_Gunzip, "gzip"),
    "bzip2": _members(bz2.BZ2Decompressor, "bzip2"),
    "xz": _members(lzma.LZMADecompressor, "xz"),
    "zstd": zstd_blocks,
}
