"""The checkpoint that is kept without being asked for, in the cache folder."""

from __future__ import annotations

import logging
import time
from contextlib import suppress

from promptsearch.engines.mining.running.checkpoints import Checkpoint, State
from promptsearch.engines.mining.running.fingerprints import fingerprint
from promptsearch.errors import DataError, StorageError
from promptsearch.paths import cache_dir

# Counting that took less time than this is as soon done again.
WORTH_SECONDS = 5.0
_STALE_SECONDS = 30 * 24 * 3600

_log = logging.getLogger(__name__)


class AutomaticCheckpoint(Checkpoint):
    """A file of its own for each thing that is counted, so that the same run finds it again.

    Since no one asked for it, it is written only where counting takes longer than `WORTH_SECONDS` and is
    removed when counting is finished; one that cannot be read is dropped, and one that cannot be written is
    done without, both with a warning.

    Args:
        identity: see `Checkpoint`; the file is named by it.
        every: likewise.
    """

    def __init__(self, identity: dict[str, str | int], every: float) -> None:
        self._file = cache_dir() / "mining" / f"{fingerprint(identity)}.json.gz"
        super().__init__(self._file, identity, every)
        self._begun = time.monotonic()
        self._writable = True
        self._drop_stale()

    def load(self, most: int) -> State | None:
        """The state that was kept last; None where there is none that can be read."""
        try:
            return super().load(most)
        except DataError as error:
            _log.warning("counting starts from the beginning: %s (%s)", error.message, self._file)
            self._remove()
            return None

    def keep(self, state: State) -> None:
        """Keep the state if that is worth a file; remove the file when the state is finished."""
        if state.finished:
            self._remove()
        elif self._writable and time.monotonic() - self._begun >= WORTH_SECONDS:
            try:
                super().keep(state)
            except StorageError as error:
                self._writable = False
                _log.warning(
                    "a run that is killed will start from the beginning: %s (%s)", error.message, error.where
                )

    def _remove(self) -> None:
        with suppress(OSError):
            self._file.unlink()

    def _drop_stale(self) -> None:
        """Remove what runs left behind that were never gone on with."""
        for file in self._file.parent.glob("*.json.gz"):
            with suppress(OSError):
                if time.time() - file.stat().st_mtime > _STALE_SECONDS:
                    file.unlink()
