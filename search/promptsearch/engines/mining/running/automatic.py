"""The checkpoint that is kept without being asked for, in the cache folder."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from promptsearch.engines.mining.running.checkpoints import Checkpoint, State
from promptsearch.engines.mining.running.fingerprints import fingerprint
from promptsearch.errors import DataError, StorageError
from promptsearch.paths import cache_dir

# Counting that took less time than this is as soon done again.
WORTH_SECONDS = 5.0
_STALE_SECONDS = 30 * 24 * 3600

_log = logging.getLogger(__name__)


class Kept:
    """The automatic checkpoints of a longer piece of work."""

    def __init__(self) -> None:
        self.files: set[Path] = set()

    def remove(self) -> None:
        """Remove them, once all the work is done."""
        for file in self.files:
            with suppress(OSError):
                file.unlink()


_kept: ContextVar[Kept | None] = ContextVar("_kept", default=None)


@contextmanager
def keep_finished() -> Generator[Kept]:
    """Within, automatic checkpoints outlive the counting: it is only a part of the work.

    The same work, begun again after it was killed, then finds the finished counts. Who has done all of it
    calls `Kept.remove`.
    """
    kept = Kept()
    token = _kept.set(kept)
    try:
        yield kept
    finally:
        _kept.reset(token)


class AutomaticCheckpoint(Checkpoint):
    """A file of its own for each thing that is counted, so that the same run finds it again.

    Since no one asked for it, it is written only where counting takes longer than `WORTH_SECONDS` and is
    removed when counting is finished, but see `keep_finished`; one that cannot be read is dropped, and one
    that cannot be written is done without, both with a warning.

    Args:
        identity: see `Checkpoint`; the file is named by it.
        every: likewise.
    """

    def __init__(self, identity: dict[str, str | int], every: float) -> None:
        self._file = cache_dir() / "mining" / f"{fingerprint(identity)}.json.gz"
        super().__init__(self._file, identity, every)
        self._begun = time.monotonic()
        self._writable = True
        self._kept = _kept.get()
        if self._kept is not None:
            self._kept.files.add(self._file)
        self._drop_stale()

    def load(self, most: int) -> State | None:
        """The state that was kept last; None where there is none that can be read."""
        try:
            state = super().load(most)
        except DataError as error:
            _log.warning("counting starts from the beginning: %s (%s)", error.message, self._file)
            self._remove()
            return None
        if state is not None and state.finished:
            _log.warning(
                "the text is not read again: its counts are those of an earlier run that was stopped"
            )
        return state

    def keep(self, state: State) -> None:
        """Keep the state if that is worth a file; remove a finished one that no one wants to be kept."""
        if state.finished and self._kept is None:
            self._remove()
        elif self._writable and self._is_worth_it():
            try:
                super().keep(state)
            except StorageError as error:
                self._writable = False
                _log.warning(
                    "a run that is killed will start from the beginning: %s (%s)", error.message, error.where
                )

    def _is_worth_it(self) -> bool:
        # Where a file is there, a stopped run took longer for what this one did not do again.
        return time.monotonic() - self._begun >= WORTH_SECONDS or self._file.exists()

    def _remove(self) -> None:
        with suppress(OSError):
            self._file.unlink()

    def _drop_stale(self) -> None:
        """Remove what runs left behind that were never gone on with."""
        for file in self._file.parent.glob("*.json.gz"):
            with suppress(OSError):
                if time.time() - file.stat().st_mtime > _STALE_SECONDS:
                    file.unlink()
