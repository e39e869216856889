"""Which template gets the next step: all of several get a few, then the better half twice as many, and so on.

Successive halving (Jamieson and Talwalkar 2016) over templates and their starts. The last one left gets
what is left of the budget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptsearch.engines.trigger.arms import Arm

# Steps on each template before the first half leaves.
_FIRST = 4


@dataclass
class Schedule:
    """Which templates are still in.

    Attributes:
        alive: their numbers.
        quota: steps that each of them gets before the next half leaves.
    """

    alive: list[int]
    quota: int = _FIRST

    def next(self, arms: Sequence[Arm]) -> int:
        """The number of the template whose turn it is."""
        while len(self.alive) > 1:
            waiting = [i for i in self.alive if not arms[i].over and arms[i].steps < self.quota]
            if waiting:
                return waiting[0]
            best = sorted(self.alive, key=lambda i: (arms[i].best, i))
            self.alive = sorted(best[: (len(best) + 1) // 2])
            self.quota *= 2
        return self.alive[0]
