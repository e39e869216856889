"""When the engine `trigger` has its turn, and how much of the budget it gets.

It can use all the time there is, and what it begins from are templates that others have found: so it comes
when these are through, or half the budget is spent. What is left is shared by the PLMs that wait for it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from promptsearch.engines.base import Budget
from promptsearch.study.budget import Clock
from promptsearch.study.offers import Offers
from promptsearch.study.pools import Group
from promptsearch.study.triggers import TRIGGER

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
        had: groups that had their turn.
    """

    offers: Offers
    clock: Clock
    evaluations: int | None = None
    had: set[Group] = field(default_factory=set)

    def waits(self, group: Group) -> bool:
        """Whether a group has its search before it: the first, or what an earlier sitting left undone."""
        if group.engine != TRIGGER or group in self.had:
            return False
        return self.offers.size(group) is None or self.offers.is_unfinished(group)

    def is_time(self, others_left: bool) -> bool:
        """Whether triggers may be searched now.

        Args:
            others_left: whether other engines have something to try.
        """
        return not others_left or self.clock.share_spent >= _HALF

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
            share = max(0.0, left) * (_HALF if others_left else 1.0) / waiting
            trying = self.offers.engines.config.trigger.offers * seconds_each
            seconds = max(share * _OF_ITS_SHARE - trying, share * _HALF)
        elif evaluations is None:
            evaluations = _UNLIMITED
        return Budget(seconds, evaluations)
