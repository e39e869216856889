"""What a search has spent of its budget."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from promptsearch.engines.base import Budget

# A backward pass takes about twice as long as the forward pass it follows.
_BACKWARD = 2


class BudgetSpent(Exception):
    """The next piece of work would go beyond the budget; what was begun is dropped."""


@dataclass
class Meter:
    """Counts readings and seconds, those of earlier sittings included.

    A reading is one prompt with one trigger; a backward pass through it counts as two more.

    Attributes:
        budget: limits of the whole search, over all sittings.
        evaluations: readings so far.
        earlier: seconds of earlier sittings.
    """

    budget: Budget
    evaluations: int = 0
    earlier: float = 0.0
    _begun: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds over all sittings."""
        return self.earlier + time.monotonic() - self._begun

    @property
    def share(self) -> float:
        """How much of the budget is spent, by the limit that is nearer; 0 where there is none."""
        most, end = self.budget.evaluations, self.budget.seconds
        return max(self.evaluations / most if most else 0.0, self.seconds / end if end else 0.0)

    def take(self, readings: int) -> None:
        """Count readings that are about to be made.

        Raises:
            BudgetSpent: they are too many, or the time is over; they are not counted then.
        """
        most, end = self.budget.evaluations, self.budget.seconds
        if (most is not None and self.evaluations + readings > most) or (
            end is not None and self.seconds >= end
        ):
            raise BudgetSpent
        self.evaluations += readings

    def take_gradients(self, readings: int, backwards: int) -> None:
        """Count readings with as many backward passes through each."""
        self.take(readings * (1 + _BACKWARD * backwards))
