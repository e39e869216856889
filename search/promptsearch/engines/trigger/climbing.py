"""One start and the steps from it: the trigger gets better until nothing moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from promptsearch.engines.trigger.combining import combined
from promptsearch.engines.trigger.config import TriggerConfig
from promptsearch.engines.trigger.costs import GRID
from promptsearch.engines.trigger.fluency import Fluency
from promptsearch.engines.trigger.proposals import Errors, Proposal
from promptsearch.engines.trigger.racing import Outcome, Rules, race
from promptsearch.engines.trigger.reading import Filling, Reading
from promptsearch.engines.trigger.wording import Wording

FloatArray = NDArray[np.float64]
Stopped = Literal["nothing moves", "patience"]


@dataclass(frozen=True)
class Standing:
    """A trigger that was read on all examples.

    Attributes:
        scores: (n, L) label scores.
        loss: of them, and of fluency where it counts.
    """

    filling: Filling
    scores: Tensor
    loss: float

    @property
    def rank(self) -> tuple[int, Filling]:
        """Lower is better: the loss on its grid, then the token ids."""
        return round(self.loss / GRID), self.filling

    def better_than(self, other: Standing) -> bool:
        """Whether its loss is lower by more than rounding."""
        return self.rank[0] < other.rank[0]


@dataclass
class Climb:
    """Where one start has come to.

    Attributes:
        start: what kind of start it was.
        standing: the best trigger since, and what the next step begins from.
        steps: how many were made.
        still: steps in a row that brought nothing.
        tried: triggers that the standing one need not be held against any more.
        errors: how far promises were off.
        paid: whether what the standing trigger's swaps promise has been counted as read.
    """

    start: str
    standing: Standing
    errors: Errors
    steps: int = 0
    still: int = 0
    paid: bool = False
    tried: set[Filling] = field(default_factory=set)

    def move(self, to: Standing) -> None:
        """Go on from another trigger."""
        self.standing, self.still, self.paid, self.tried = to, 0, False, set()


class Proposer(Protocol):
    """Draws the candidates of a step."""

    def draw(self, climb: Climb, wording: Wording, rng: Generator) -> list[Proposal]:
        """Candidates that were not tried before; none when there are no more."""
        ...


@dataclass(frozen=True)
class Climber:
    """Makes steps on one template.

    Attributes:
        reading: the template's prompts.
        wording: the rules that triggers keep to.
        proposer: draws candidates.
        fluency: the PLM's own likelihood of triggers.
    """

    reading: Reading
    wording: Wording
    proposer: Proposer
    fluency: Fluency
    config: TriggerConfig

    def begin(self, start: str, filling: Filling) -> Climb:
        """Read a start.

        Raises:
            BudgetSpent: it is more than may still be read.
        """
        (standing,) = self._read([filling])
        return Climb(start, standing, Errors.none(len(filling)))

    def step(self, climb: Climb, rng: Generator) -> Stopped | None:
        """Try candidates, and go on from the best if it is better; why not to go on, or None.

        Raises:
            BudgetSpent: it is more than may still be read; the climb is as it was, but for `tried`.
        """
        proposals = self.proposer.draw(climb, self.wording, rng)
        if not proposals:
            return "nothing moves"
        seed = int(rng.integers(1 << 32))
        known, outcome = self._race(climb.standing, proposals, seed)
        shares = outcome.seen / self.reading.n
        worth = outcome.gains * shares
        together = combined(climb.standing.filling, proposals, worth, self.config.swaps)
        together = [filling for filling, passes in zip(together, self.wording.passing(together)) if passes]
        known += self._read(together) if together else []
        climb.errors.learn(proposals, outcome.gains, shares)
        climb.steps += 1
        best = self._best(climb, known)
        if best is None:
            climb.still += 1
            climb.tried.update(proposal.filling for proposal in proposals)
            return "patience" if climb.still >= self.config.patience else None
        climb.move(best)
        return None

    def _race(
        self, standing: Standing, proposals: Sequence[Proposal], seed: int
    ) -> tuple[list[Standing], Outcome]:
        """The candidates that were read on all examples, and the whole outcome."""
        fillings = [proposal.filling for proposal in proposals]
        rules = Rules() if self.config.racing else None
        outcome = race(
            lambda chosen, rows: self.reading.scores([fillings[i] for i in chosen], rows),
            len(fillings),
            standing.scores,
            self.reading.costs,
            seed,
            rules,
            np.array([proposal.handicap for proposal in proposals]),
        )
        finished = list(outcome.finished)
        penalties = self.fluency.penalties([fillings[i] for i in finished])
        known = [
            Standing(fillings[i], scores, self.reading.loss(scores) + penalty)
            for (i, scores), penalty in zip(outcome.finished.items(), penalties.tolist())
        ]
        return known, outcome

    def _read(self, fillings: Sequence[Filling]) -> list[Standing]:
        scores = self.reading.scores(fillings)
        penalties = self.fluency.penalties(fillings)
        return [
            Standing(filling, each, self.reading.loss(each) + penalty)
            for filling, each, penalty in zip(fillings, scores, penalties.tolist())
        ]

    def _best(self, climb: Climb, known: Sequence[Standing]) -> Standing | None:
        """The best trigger that is better than the standing one and keeps to the rules.

        While special tokens of the start are left, any trigger with fewer of them is better.
        """
        fill_in = not self.wording.finished(climb.standing.filling)
        for standing in sorted(known, key=lambda each: each.rank):
            if not fill_in and not standing.better_than(climb.standing):
                return None
            if self.wording.keeps(standing.filling):
                return standing
            climb.tried.add(standing.filling)
        return None
