"""A lock on an open file that the operating system takes back when its process ends."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from promptsearch.errors import StorageError

# Windows keeps others from reading what is locked: a byte that no file reaches.
_FAR = 1 << 62
_PAUSE_SECONDS = 0.005
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP)
"""What an operating system says of a file system without locks."""


def lock_file(file: BinaryIO) -> None:
    """Wait until no other opening of the file is locked, and lock this one.

    Raises:
        OSError: the file system has no locks.
    """
    if sys.platform == "win32":
        while not try_lock(file):
            time.sleep(_PAUSE_SECONDS)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)


def try_lock(file: BinaryIO) -> bool:
    """Lock the file where no other opening of it is locked; whether it was.

    Raises:
        OSError: the file system has no locks.
    """
    if sys.platform == "win32":
        import msvcrt

        file.seek(_FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
    else:
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@contextmanager
def locks_needed(path: Path) -> Generator[None]:
    """Within, a file system that has no locks is told by a StorageError."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        raise StorageError(
            "the file system has no locks, by which two processes are kept from writing to one run",
            where=str(path),
            hint="Name a folder on a local disk with --out.",
        ) from error


@contextmanager
def one_at_a_time(path: Path) -> Generator[None]:
    """Within, no other process is within for the same file; each waits for its turn.

    Nobody waits where the file cannot be written, or its file system has no locks.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, "ab")  # noqa: SIM115 - what goes wrong within is of other files
    except OSError:
        yield
        return
    with file:
        try:
            lock_file(file)
            locked = True
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            locked = False
        try:
            yield
        finally:
            if locked:
                unlock_file(file)


def unlock_file(file: BinaryIO) -> None:
    """Undo `lock_file`."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(_FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_UN)
