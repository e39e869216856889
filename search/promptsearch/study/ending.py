"""The time that is left for the end of a search: test, and a report at full length."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TypeVar

from optuna import Study

from promptsearch.plms.base import Family
from promptsearch.study.budget import Clock, Pace, TimeUp
from promptsearch.study.ensembles import MOST_MEMBERS
from promptsearch.study.observer import Observer
from promptsearch.study.session import PLMs
from promptsearch.tasks.task import Example, Task

Answer = TypeVar("Answer")
# Templates of each PLM that test is scored under (the best and the manual one, the best hand-written one is
# another), and that dev is read under for parts of the report.
_OF_EACH = 2
_ON_DEV = 15
# In a search many templates share the left part of a text on a causal PLM: 16, at the end no more than 5.
_FEW_TOGETHER: Mapping[Family, float] = {"masked": 1.0, "causal": 1.5, "seq2seq": 1.0}
_REPORT_SECONDS = 2.0
_MOST_RESERVED = 0.5
_DONE = "parts of the report"
"""Attribute of the study: name -> 1 of those that were done, also in a sitting that was killed then."""


@dataclass
class Ending:
    """What the budget has time for when the search itself is over.

    Attributes:
        pace: of each PLM so far.
        late: engines whose best is scored on test whichever prompt is chosen.
        left_out: parts of the report that there was no time for.
    """

    clock: Clock
    plms: PLMs
    pace: Mapping[str, Pace]
    observer: Observer
    study: Study
    late: int = 0
    left_out: list[str] = field(default_factory=list)
    _longer_of: tuple[str, float] | None = None

    def part(self, what: str, prompts: int, work: Callable[[], Answer]) -> Answer | None:
        """A part of the report that the budget may have no time for; None where it was left out.

        One that was done before a kill is done again, however late it is: from cached answer states.

        Args:
            what: its name.
            prompts: that have to go through the slowest PLM, at most.
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
        if not self._done(what):
            self.study.set_user_attr(_DONE, {**self.study.user_attrs.get(_DONE, {}), what: 1})
        return answer

    def _done(self, what: str) -> bool:
        """Whether a part was done before."""
        return bool(self.study.user_attrs.get(_DONE, {}).get(what, 0))

    @property
    def _slowest(self) -> float:
        """Seconds that a prompt takes on the slowest PLM."""
        return max((pace.each for pace in self.pace.values()), default=0.0)

    def reserve(self, task: Task, together: Sequence[str] = ()) -> None:
        """Set time aside for test and for a report at full length, but not most of it.

        Args:
            together: PLMs of the prompts that would answer together now, one for each; of those that are not
                found yet the slowest PLM is supposed.
        """
        minutes = self.clock.limits.minutes
        if minutes is None:
            return
        paces = {plm: pace.each for plm, pace in self.pace.items()}
        on_test = {plm: pace * self._longer(task) * self._alone(plm) for plm, pace in paces.items()}
        slowest = max(on_test.values(), default=0.0)
        members = [on_test.get(plm, slowest) for plm in together[:MOST_MEMBERS]]
        members += [slowest] * (MOST_MEMBERS - len(members))
        finalists = _OF_EACH * sum(on_test.values()) + (1 + self.late) * slowest
        seconds = len(task.test) * (finalists + sum(members))
        seconds += _ON_DEV * len(task.dev) * sum(paces.values())
        self.clock.reserved = min(_REPORT_SECONDS + seconds, _MOST_RESERVED * 60 * minutes)

    def _longer(self, task: Task) -> float:
        """How many times as long texts of test are as those that the pace was measured on; 1 at least."""
        if self._longer_of is None or self._longer_of[0] != task.fingerprint:
            before, after = _mean_length([*task.train, *task.dev]), _mean_length(task.test)
            self._longer_of = task.fingerprint, max(1.0, after / before) if before else 1.0
        return self._longer_of[1]

    def _alone(self, plm: str) -> float:
        """How many times as long a prompt takes on a PLM where few templates are read together."""
        loaded = self.plms.loaded.get(plm)
        return 1.0 if loaded is None else _FEW_TOGETHER[loaded.identity.family]


def _mean_length(examples: Sequence[Example]) -> float:
    """Characters of an example, all fields together."""
    return fmean(sum(map(len, example.values.values())) for example in examples) if examples else 0.0
