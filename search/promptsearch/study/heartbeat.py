"""Signs of life of workers on several machines, kept in the storage that they share."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from promptsearch.errors import OptionError
from promptsearch.study.owner import Owner, this_process
from promptsearch.study.stale import exclusive, reclaim

if TYPE_CHECKING:
    from optuna import Study

INTERVAL = 15.0
GRACE = 60.0
# A worker that is slow once must not seem dead.
_LEAST_BEATS = 3

_PREFIX = "promptsearch:beat:"
_GONE = "gone"
_log = logging.getLogger(__name__)


class Watch:
    """How long things have stayed as they are, by this machine's clock: those of others may be wrong.

    Args:
        grace: seconds after which a worker without a new sign of life counts as dead.
        most: seconds between two looks count for no more, as while this process was suspended or the
            storage could not be reached, others could give no sign either.
    """

    def __init__(self, grace: float, most: float) -> None:
        self._grace = grace
        self._most = most
        self._beats: dict[str, tuple[Any, float]] = {}
        self._looked = time.monotonic()
        self._since: dict[str, float] = {}
        self._lock = threading.Lock()

    def look(self, beats: dict[str, Any]) -> None:
        """Take in the signs of life of all workers."""
        now = time.monotonic()
        with self._lock:
            passed = min(now - self._looked, self._most)
            self._looked = now
            for worker in {*beats, *self._beats}:
                beat = beats.get(worker)
                last, unchanged = self._beats.get(worker, (beat, 0.0))
                self._beats[worker] = (beat, unchanged + passed if last == beat else 0.0)

    def is_silent(self, owner: Owner) -> bool:
        """Whether a worker has given no sign of life for the grace time, or has said that it leaves."""
        with self._lock:
            beat, unchanged = self._beats.setdefault(owner.key, (None, 0.0))
        return beat == _GONE or unchanged > self._grace

    def stays(self, what: str) -> bool:
        """Whether something that is asked for again and again has been so for the grace time."""
        now = time.monotonic()
        return now - self._since.setdefault(what, now) > self._grace


class Heartbeat:
    """Within, this process counts as alive on other machines; finds the trials of those that do not.

    Args:
        interval: seconds between two signs of life.
        grace: seconds without one after which a worker counts as dead; at least three intervals. All
            workers of a study should have the same.

    Raises:
        OptionError: the grace time is too short for the interval.
    """

    def __init__(self, study: Study, interval: float = INTERVAL, grace: float = GRACE) -> None:
        if interval <= 0 or grace < _LEAST_BEATS * interval:
            raise OptionError(
                f"a grace time of {grace:g} seconds is too short for a sign of life every {interval:g}",
                hint=f"Give at least {_LEAST_BEATS} times the interval.",
            )
        self._study = study
        self._interval = interval
        self._watch = Watch(grace, 2 * interval)
        self._key = _PREFIX + this_process().key
        self._count = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._beat()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._say(_GONE)

    def reclaim(self) -> list[int]:
        """See `promptsearch.study.stale.reclaim`; to be called between trials."""
        return reclaim(self._study, self._watch)

    def _run(self) -> None:
        warned = False
        while not self._stop.wait(self._interval):
            try:
                self._beat()
                warned = False
            except Exception as error:
                # Each storage has errors of its own. The trial goes on: the storage may be there again when
                # it is told, and if it is not, telling raises.
                if not warned:
                    _log.warning("the study's storage does not answer: %s", error)
                warned = True

    def _beat(self) -> None:
        self._count += 1
        self._say(self._count)
        attributes = self._study.user_attrs
        self._watch.look(
            {
                name.removeprefix(_PREFIX): beat
                for name, beat in attributes.items()
                if name.startswith(_PREFIX)
            }
        )

    def _say(self, beat: int | str) -> None:
        with exclusive(self._study):
            self._study.set_user_attr(self._key, beat)
