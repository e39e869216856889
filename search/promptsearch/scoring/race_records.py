"""What goes into a race of candidates and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike

from promptsearch.errors import OptionError

_DEFAULTS = "The defaults: by accuracy, level 0.05, share 0.35, growth 1.5."
Score = Callable[[Sequence[int], Sequence[int]], tuple[ArrayLike, ArrayLike]]


@dataclass(frozen=True)
class RaceRules:
    """When candidates leave.

    Attributes:
        by: the figure that decides. By accuracy, ties go to the higher log-likelihood, then to the lower
            cost; by log-likelihood the other way round.
        level: bound on the probability that the best candidate leaves by a test; 0 for no tests.
        share: most evaluations, as a share of candidates * examples; None for no such bound.
        first: examples in the first block; left out, a sixteenth of all, at least 4, and at most half of what
            `share` pays for.
        growth: each block ends at this many times the examples of the one before.
    """

    by: Literal["accuracy", "log-likelihood"] = "accuracy"
    level: float = 0.05
    share: float | None = 0.35
    first: int | None = None
    growth: float = 1.5

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            OptionError: one lies outside its range.
        """
        if self.by not in ("accuracy", "log-likelihood"):
            raise OptionError(f"a race is by accuracy or log-likelihood, not {self.by!r}", hint=_DEFAULTS)
        if not 0 <= self.level < 1:
            raise OptionError(f"a level lies between 0 and 1, not {self.level}", hint=_DEFAULTS)
        if self.share is not None and not 0 < self.share <= 1:
            raise OptionError(f"a share lies between 0 and 1, not {self.share}", hint=_DEFAULTS)
        if self.growth <= 1 or (self.first is not None and self.first < 1):
            raise OptionError(f"blocks must grow: first {self.first}, growth {self.growth}", hint=_DEFAULTS)


@dataclass(frozen=True)
class Heat:
    """What to score next: these candidates on these examples."""

    candidates: tuple[int, ...]
    examples: tuple[int, ...]


@dataclass(frozen=True)
class Departure:
    """A candidate that left.

    Attributes:
        reason: "worse" by a test, "behind" by more than the examples left, "budget".
        after: examples seen.
        leader: who led.
        p_value: of the test; 0 where it can no longer catch up, None for the budget.
    """

    candidate: int
    reason: Literal["worse", "behind", "budget"]
    after: int
    leader: int
    p_value: float | None


@dataclass(frozen=True)
class RaceResult:
    """How a race ended.

    Attributes:
        standing: the candidates still in, best first.
        accuracies, log_likelihoods: (k,) on the examples each was scored on.
        seen: (k,) how many these are.
        evaluations: pairs of candidate and example that were scored.
    """

    standing: tuple[int, ...]
    departures: tuple[Departure, ...]
    accuracies: tuple[float, ...]
    log_likelihoods: tuple[float, ...]
    seen: tuple[int, ...]
    evaluations: int

    @property
    def winner(self) -> int:
        """The best candidate still in."""
        return self.standing[0]
