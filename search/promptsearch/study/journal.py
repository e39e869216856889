"""The journal file of a run: Optuna's journal under a lock that dies with its process, mended when opened."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Any, BinaryIO

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.storages.journal._file import BaseJournalFileLock

from promptsearch.errors import StorageError
from promptsearch.locks import NO_LOCKS, lock_file, unlock_file
from promptsearch.paths import storage_errors

# Optuna holds its own lock file for one write, which takes milliseconds.
_STALE_SECONDS = 10.0
_BLOCK = 1 << 16
_BEGINNING = b'{"op_code":'


class RunJournal(JournalStorage):
    """A study in a file that several processes write to, any of which may be killed at any time.

    Raises:
        StorageError: the file is no journal, is damaged other than at its end, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file_lock = JournalLock(path)
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file_lock.acquire()
        try:
            super().__init__(_Lines(path, self._file_lock))
        except (ValueError, KeyError, TypeError, AssertionError) as error:
            raise _damaged(path) from error
        finally:
            self._file_lock.release()
        # Optuna's own is not reentrant, but `exclusive` must take it before the file's lock, as Optuna does.
        self._thread_lock = RLock()

    @contextmanager
    def exclusive(self) -> Generator[None]:
        """Keep all other processes and threads from writing."""
        with self._thread_lock:
            self._file_lock.acquire()
            try:
                yield
            finally:
                self._file_lock.release()


class _Lines(JournalFileBackend):
    """The lines of a journal; who cannot write any is told of which file."""

    def __init__(self, path: Path, lock: JournalLock) -> None:
        super().__init__(str(path), lock_obj=lock)
        self._path = path

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Add records.

        Raises:
            StorageError: the disk is full, or the file may not be written.
        """
        with storage_errors(self._path):
            super().append_logs(logs)


class JournalLock(BaseJournalFileLock):
    """The right to write to a journal; whoever gets it finds the journal ending with a whole line.

    It is a lock of the operating system on the journal itself, so a killed process leaves nothing behind.
    Where the file system has no such locks, it is Optuna's lock file. May be acquired again by its holder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = RLock()
        self._depth = 0
        self._file: BinaryIO | None = None
        self._instead: JournalFileOpenLock | None = None
        self._checked = False

    def acquire(self) -> bool:
        """Wait for the lock, and mend what a process that was killed in a write has left."""
        self._mutex.acquire()
        try:
            if self._depth == 0:
                self._lock()
            self._depth += 1
        except BaseException:
            if self._depth == 0:
                self._unlock()
            self._mutex.release()
            raise
        return True

    def release(self) -> None:
        """Let others write."""
        self._depth -= 1
        if self._depth == 0:
            self._unlock()
        self._mutex.release()

    def _lock(self) -> None:
        if not self._checked:
            _remove_stale_lock(self._path)
        file = os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
        try:
            try:
                lock_file(file)
            except OSError as error:
                if error.errno not in NO_LOCKS:
                    raise
                self._instead = JournalFileOpenLock(str(self._path))
                self._instead.acquire()
            self._file = file
            if self._checked:
                cut_torn_line(file)
            else:
                mend(file, self._path)
                self._checked = True
        except BaseException:
            self._unlock()
            file.close()
            raise

    def _unlock(self) -> None:
        if self._instead is not None:
            self._instead.release()
        elif self._file is not None:
            unlock_file(self._file)
        if self._file is not None:
            self._file.close()
        self._file = self._instead = None


def mend(file: BinaryIO, path: Path) -> None:
    """Cut what a journal's end has that is no record; it must not be written to meanwhile.

    Raises:
        StorageError: the file is not a journal; it is left as it is.
    """
    file.seek(0)
    first = file.readline()
    torn = not first.endswith(b"\n")
    if torn and not (first.startswith(_BEGINNING) or _BEGINNING.startswith(first) or not first.strip(b"\0")):
        raise _no_journal(path)
    if not torn and not _is_record(first):
        raise _no_journal(path)
    cut_torn_line(file)
    while (last := _last_line(file)) and not _is_record(last):
        file.truncate(file.seek(0, os.SEEK_END) - len(last))


def cut_torn_line(file: BinaryIO) -> None:
    """Cut a last line that has no end."""
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return
    file.seek(size - 1)
    if file.read(1) != b"\n":
        file.truncate(size - len(_last_line(file)))


def _last_line(file: BinaryIO) -> bytes:
    """The last line, with its end where it has one."""
    start = file.seek(0, os.SEEK_END)
    tail = b""
    while start > 0:
        step = min(_BLOCK, start)
        start -= step
        file.seek(start)
        tail = file.read(step) + tail
        newline = tail.rfind(b"\n", 0, len(tail) - 1)
        if newline >= 0:
            return tail[newline + 1 :]
    return tail


def _is_record(line: bytes) -> bool:
    try:
        record = json.loads(line)
    except ValueError:
        return False
    return isinstance(record, dict) and "op_code" in record


def _remove_stale_lock(path: Path) -> None:
    lock = path.with_name(path.name + ".lock")
    with suppress(FileNotFoundError):
        if time.time() - lock.lstat().st_mtime > _STALE_SECONDS:
            lock.unlink()


def _no_journal(path: Path) -> StorageError:
    return StorageError(
        "this file is not the journal of a study", where=str(path), hint="Name a run folder, or a new file."
    )


def _damaged(path: Path) -> StorageError:
    where = str(path)
    with path.open("rb") as lines:
        bad = next((i for i, line in enumerate(lines, start=1) if not _is_record(line)), None)
    if bad is not None:
        where += f", line {bad}"
    return StorageError(
        "the journal of the study is damaged",
        where=where,
        hint="Put a copy of the file back, or start a new run in another folder.",
    )
