"""The time that is left for the end of a search: test, and a report at full length."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from optuna import Study

from promptsearch.study.budget import Clock, Pace, TimeUp
from promptsearch.study.ensembles import MOST_MEMBERS
from promptsearch.study.observer import Observer
from promptsearch.study.session import PLMs
from promptsearch.tasks.task import Task

Answer = TypeVar("Answer")
# Templates of a PLM that test is scored under, and that dev is read under for parts of the report.
_ON_TEST = 3
_ON_DEV = 15
_REPORT_SECONDS = 2.0
_MOST_RESERVED = 0.5
_DONE = "parts of the report"
"""Attribute of the study: name -> size of those that were done, also in a sitting that was killed then."""


@dataclass
class Ending:
    """What the budget has time for when the search itself is over.

    Attributes:
        pace: of each PLM so far.
        left_out: parts of the report that there was no time for.
    """

    clock: Clock
    plms: PLMs
    pace: Mapping[str, Pace]
    observer: Observer
    study: Study
    left_out: list[str] = field(default_factory=list)

    def part(self, what: str, prompts: int, work: Callable[[], Answer], size: int = 1) -> Answer | None:
        """A part of the report that the budget may have no time for; None where it was left out.

        One that was done before a kill is done again, however late it is: from cached answer states.

        Args:
            what: its name.
            prompts: that have to go through the slowest PLM, at most.
            size: how much of it is done, where that depends on the time.
        """
        clock = self.clock.ending()
        left = clock.left
        if not self._done(what) and left is not None and left < prompts * self._slowest:
            self.left_out.append(what)
            return None
        self.observer.stage(f"Report: {what}")
        self.plms.watch(self.observer, clock)
        try:
            answer = work()
        except TimeUp:
            self.left_out.append(what)
            return None
        finally:
            self.plms.watch(self.observer, None)
        if self._done(what) < size:
            self.study.set_user_attr(_DONE, {**self.study.user_attrs.get(_DONE, {}), what: size})
        return answer

    def _done(self, what: str) -> int:
        """Size of a part that was done before; 0 where it was not."""
        return int(self.study.user_attrs.get(_DONE, {}).get(what, 0))

    def members_in_time(self, task: Task, what: str) -> int:
        """How many prompts the budget has time for to score on test, when all else is done.

        Args:
            what: name of the part whose members they are; as many as it had before cost nothing.
        """
        left = self.clock.ending().left
        pace = self._slowest * max(1, len(task.test))
        in_time = MOST_MEMBERS if left is None or pace == 0 else max(0, int(left / pace))
        return min(MOST_MEMBERS, max(in_time, self._done(what)))

    @property
    def _slowest(self) -> float:
        """Seconds that a prompt takes on the slowest PLM."""
        return max((pace.each for pace in self.pace.values()), default=0.0)

    def reserve(self, task: Task) -> None:
        """Set time aside for test and for a report at full length, but not most of it."""
        minutes = self.clock.limits.minutes
        if minutes is None:
            return
        paces = [pace.each for pace in self.pace.values()]
        prompts = _ON_TEST * len(task.test) + _ON_DEV * len(task.dev)
        seconds = prompts * sum(paces) + MOST_MEMBERS * len(task.test) * max(paces, default=0.0)
        self.clock.reserved = min(_REPORT_SECONDS + seconds, _MOST_RESERVED * 60 * minutes)
