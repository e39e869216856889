"""Zstandard, by whatever reads it here: Python 3.14, the package `zstandard`, or else pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from promptsearch.errors import DataError

# A frame may unfold to thirty thousand times its size: little is given to the decompressor at once.
_IN, _OUT = 4 << 10, 64 << 10
_LARGEST_WINDOW_LOG = 31
_CUT = "the zstd file ends too early"


def zstd_blocks(file: BinaryIO) -> Iterator[bytes]:
    """Blocks of text of a file of one or more frames.

    Raises:
        EOFError, ValueError: the file breaks off or is damaged.
        DataError: it was written with a long window, which pyarrow does not read.
    """
    try:
        from compression import zstd  # ty: ignore[import-not-found]
    except ImportError:
        return _by_package(file)
    return _by_python(file, zstd)


def _by_python(file: BinaryIO, zstd: Any) -> Iterator[bytes]:
    options = {zstd.DecompressionParameter.window_log_max: _LARGEST_WINDOW_LOG}
    reader = zstd.ZstdFile(file, options=options)
    try:
        while block := reader.read1(_OUT):
            yield block
    except zstd.ZstdError as error:
        raise ValueError(f"the zstd file is damaged: {error}") from error
    except EOFError as error:
        raise EOFError(_CUT) from error


def _by_package(file: BinaryIO) -> Iterator[bytes]:
    try:
        import zstandard  # ty: ignore[import-not-found]
    except ImportError:
        yield from _by_pyarrow(file)
        return
    frames = zstandard.ZstdDecompressor(max_window_size=1 << _LARGEST_WINDOW_LOG)
    frame, data, begun = frames.decompressobj(), file.read(_IN), False
    try:
        while data:
            begun = True
            yield frame.decompress(data)
            data = frame.unused_data if frame.eof else b""
            if frame.eof:
                frame, begun = frames.decompressobj(), False
            data = data or file.read(_IN)
    except zstandard.ZstdError as error:
        raise ValueError(f"the zstd file is damaged: {error}") from error
    if begun:
        raise EOFError(_CUT)


def _by_pyarrow(file: BinaryIO) -> Iterator[bytes]:
    import pyarrow as pa

    stream = pa.CompressedInputStream(pa.PythonFile(_KeptOpen(file), mode="r"), "zstd")
    try:
        while block := stream.read(_OUT):
            yield block
    except OSError as error:
        said = str(error)
        if "too much memory" in said:
            raise DataError(
                "the zstd file was written with a long window, which pyarrow does not read",
                where=getattr(file, "name", None),
                hint="pip install zstandard",
            ) from error
        if "Truncated" in said:
            raise EOFError(_CUT) from error
        raise ValueError(f"the zstd file is damaged: {said.rpartition(': ')[2]}") from error


class _KeptOpen:
    """A file that pyarrow, done with it, does not close."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read

    def close(self) -> None:
        """Leave it open."""
