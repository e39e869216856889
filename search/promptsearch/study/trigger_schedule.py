"""When the engines `trigger` and `soft` have their turn, and how much of the budget they get.

They can use all the time there is, and what they begin from are templates that others have found: so they
come when these are through, or have had their share. What is left is shared by the engines and PLMs that
wait for it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from promptsearch.engines.base import Budget
from promptsearch.study.budget import Clock
from promptsearch.study.offers import Offers
from promptsearch.study.pools import Group
from promptsearch.study.softs import SOFT
from promptsearch.study.triggers import TRIGGER

LATE = (TRIGGER, SOFT)
OTHERS_SHARE, OTHERS_SHARE_WHERE_NEEDED = 0.5, 0.1
"""Of the budget, after which triggers do not wait for others any more; the second where all is about them."""
_HALF = 0.5
# A step may take longer than it should.
_OF_ITS_SHARE = 0.95
_UNLIMITED = 200_000
"""Evaluations on a PLM where nothing else limits a search."""


@dataclass
class TriggerTurns:
    """The turns of one sitting.

    Attributes:
        evaluations: that triggers may take on a PLM, over all sittings; None where time alone counts.
        after: share of the budget after which they do not wait for other engines any more.
        had: groups that had their turn.
    """

    offers: Offers
    clock: Clock
    evaluations: int | None = None
    after: float = OTHERS_SHARE
    had: set[Group] = field(default_factory=set)

    def waits(self, group: Group) -> bool:
        """Whether a group has its search before it: the first, or what an earlier sitting left undone."""
        if group.engine not in LATE or group in self.had:
            return False
        return self.offers.size(group) is None or self.offers.is_unfinished(group)

    def is_time(self, others_left: bool) -> bool:
        """Whether triggers and soft tokens may be searched now.

        Args:
            others_left: whether other engines have something to try.
        """
        return not others_left or self.clock.share_spent >= self.after

    def begin(
        self, group: Group, groups: Collection[Group], others_left: bool, seconds_each: float
    ) -> Budget:
        """Take a group's turn; what it may spend.

        Args:
            groups: all there are.
            seconds_each: that trying a template takes on its PLM.
        """
        waiting = max(1, sum(self.waits(each) for each in groups))
        self.had.add(group)
        left, seconds, evaluations = self.clock.left, None, self.evaluations
        if left is not None:
            share = max(0.0, left) * (1 - self.after if others_left else 1.0) / waiting
            trying = self._offered(group) * seconds_each
            seconds = max(share * _OF_ITS_SHARE - trying, share * _HALF)
        if group.engine == SOFT:
            return Budget(seconds)
        if left is None and evaluations is None:
            evaluations = _UNLIMITED
        return Budget(seconds, evaluations)

    def _offered(self, group: Group) -> int:
        """How many templates there will be to try."""
        config = self.offers.engines.config
        if group.engine == TRIGGER:
            return config.trigger.offers
        return config.soft.offers * config.soft.training.restarts
