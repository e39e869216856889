"""Where files are kept between runs, and writing them so that no one ever sees half a file."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from promptsearch.errors import StorageError

_STALE_SECONDS = 24 * 3600
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def cache_dir() -> Path:
    """The folder for what can be made or fetched again; not created here.

    `$PROMPTSEARCH_CACHE`, else `$XDG_CACHE_HOME/promptsearch`, else `~/.cache/promptsearch`.
    """
    if own := os.environ.get("PROMPTSEARCH_CACHE"):
        return Path(own).expanduser()
    if shared := os.environ.get("XDG_CACHE_HOME"):
        return Path(shared).expanduser() / "promptsearch"
    return Path("~/.cache/promptsearch").expanduser()


def atomic_write(path: Path, content: bytes | str) -> None:
    """Write a file under a temporary name beside `path`, then rename it; text becomes UTF-8.

    Raises:
        StorageError: the folder or file cannot be written, or the disk is full.
    """
    data = content.encode() if isinstance(content, str) else content
    with atomic_file(path) as temporary:
        temporary.write_bytes(data)


@contextmanager
def atomic_file(path: Path) -> Generator[Path]:
    """A temporary path beside `path` for the body to write; it takes `path`'s place when the body succeeds.

    Raises:
        StorageError: the folder or file cannot be written, or the disk is full.
    """
    temporary = _temporary(path)
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with storage_errors(path):
            yield temporary
            _flush(temporary)
            os.replace(temporary, path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


@contextmanager
def atomic_folder(path: Path) -> Generator[Path]:
    """A temporary folder beside `path` for the body to fill; it becomes `path` when the body succeeds.

    Where another process has made `path` meanwhile, that one stays and this one's work is dropped: both
    were made from the same source. Leftovers of killed processes are removed after a day.

    Raises:
        StorageError: the folder cannot be made or filled, or the disk is full.
    """
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(path)
        temporary = _temporary(path)
        temporary.mkdir()
    try:
        with storage_errors(path):
            yield temporary
            for file in temporary.rglob("*"):
                _flush(file)
            _rename_folder(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def storage_errors(path: Path) -> Generator[None]:
    """Turn what the operating system says about writing `path` into a StorageError."""
    try:
        yield
    except Exception as error:
        if reason := storage_reason(error):
            hint = "Free some space, or set PROMPTSEARCH_CACHE to a folder on another disk."
            raise StorageError(f"cannot write: {reason}", where=str(path), hint=hint) from error
        raise


def storage_reason(error: Exception) -> str | None:
    """What kept a file from being written; None when the error is about something else."""
    # safetensors reports a failed write as text only.
    code = error.errno if isinstance(error, OSError) else None
    if code in _DISK_FULL or "No space left on device" in str(error):
        return "disk full"
    if code in (
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EEXIST,
        errno.EFBIG,
        errno.EIO,
    ):
        return os.strerror(code).lower()
    return None


def _temporary(path: Path) -> Path:
    return path.parent / f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp"


def _flush(path: Path) -> None:
    """Wait until the file's content is on the disk, so that a power cut cannot leave an empty file."""
    if path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _rename_folder(temporary: Path, path: Path) -> None:
    try:
        os.replace(temporary, path)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or not path.is_dir():
            raise


def _remove_stale(path: Path) -> None:
    for leftover in path.parent.glob(f".{path.name}.*.tmp"):
        with suppress(FileNotFoundError):
            if time.time() - leftover.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(leftover, ignore_errors=True)
