"""The time that a search takes, noted while it goes on, so that a kill loses little of the account."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager

from optuna import Study

from promptsearch.study.budget import Clock
from promptsearch.study.progress import SUMMARY
from promptsearch.study.stale import exclusive

SPENT, EXTRA = "seconds", "seconds to go on"
"""Attributes of the study: seconds that count, and those on top, of all sittings (`Clock`)."""
_INTERVAL = 1.0
_log = logging.getLogger(__name__)


def spent(study: Study) -> float:
    """Seconds that all sittings took until now: what was noted last, or when the last trial was done."""
    summaries = (trial.user_attrs.get(SUMMARY) for trial in study.get_trials(deepcopy=False))
    done = [float(summary["at"]) for summary in summaries if summary is not None]
    return max(float(study.user_attrs.get(SPENT, 0.0)), *done, 0.0)


def spent_on_top(study: Study) -> float:
    """Seconds in which sittings got back to where the search had been stopped."""
    return float(study.user_attrs.get(EXTRA, 0.0))


def note_spent(study: Study, clock: Clock) -> None:
    """Note the seconds of a clock."""
    with exclusive(study):
        study.set_user_attr(SPENT, round(clock.seconds, 2))
        if clock.extra:
            study.set_user_attr(EXTRA, round(clock.extra, 2))


@contextmanager
def noting_spent(study: Study, clock: Clock) -> Generator[None]:
    """Within, the seconds of a clock are noted, at once, again and again, and at the end."""
    note_spent(study, clock)
    stop = threading.Event()

    def go_on() -> None:
        while not stop.wait(_INTERVAL):
            try:
                note_spent(study, clock)
            except Exception as error:
                # Each storage has errors of its own; the search itself raises when it cannot be reached.
                _log.debug("the time spent could not be noted: %s", error)

    thread = threading.Thread(target=go_on, name="time spent", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    note_spent(study, clock)
