"""A lock on an open file that the operating system takes back when its process ends."""

from __future__ import annotations

import sys
import time
from typing import BinaryIO

# Windows keeps others from reading what is locked: a byte that no file reaches.
_FAR = 1 << 62
_PAUSE_SECONDS = 0.005


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


def unlock_file(file: BinaryIO) -> None:
    """Undo `lock_file`."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(_FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_UN)
