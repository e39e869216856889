"""The candidates of a step: swaps of one token, drawn from those that are promised to help most."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from promptsearch.engines.trigger.climbing import Climb
from promptsearch.engines.trigger.promises import Promises
from promptsearch.engines.trigger.proposals import Proposal
from promptsearch.engines.trigger.reading import Filling
from promptsearch.engines.trigger.swaps import ranked_swaps
from promptsearch.engines.trigger.wording import Wording

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class SwapProposer:
    """Draws swaps at random from the best `top_k`: the very best on paper are often too good to be true.

    Attributes:
        allowed: (vocabulary,) tokens that may stand in a trigger.
        candidates: swaps a step.
    """

    promises: Promises
    allowed: NDArray[np.bool_]
    top_k: int
    candidates: int

    def draw(self, climb: Climb, wording: Wording, rng: Generator) -> list[Proposal]:
        """Swaps that were not tried and keep to the rules; what breaks them counts as tried.

        Raises:
            BudgetSpent: the gradients are more than may still be taken.
        """
        filling, reading = climb.standing.filling, self.promises.reading
        if not climb.paid:
            self.promises.pay()
            climb.paid = True
        promised = self.promises.of(filling, reading.loss(climb.standing.scores))
        scores = promised.gains + climb.errors.expected[:, None]
        # One number for each swap, whatever its rank: near-ties in rank then change next to nothing.
        lots = rng.random(scores.shape)
        most = max(0, self.top_k - len(climb.tried))
        places, tokens = ranked_swaps(scores, self._open_to(filling, climb.tried, wording), most).T
        order = np.argsort(lots[places, tokens])
        fluent = np.broadcast_to(promised.fluent, scores.shape)
        return [
            Proposal(
                _swapped(filling, place, token),
                place,
                float(promised.gains[place, token]),
                -float(fluent[place, token]),
            )
            for place, token in self._passing(np.stack([places, tokens], axis=1)[order], climb, wording)
        ]

    def _open_to(self, filling: Filling, tried: AbstractSet[Filling], wording: Wording) -> NDArray[np.bool_]:
        """(m, vocabulary) which swaps may be tried; of special tokens left of a start, only theirs."""
        open_to = np.tile(self.allowed, (len(filling), 1))
        open_to[np.arange(len(filling)), list(filling)] = False
        for other in tried:
            places = [i for i, (old, new) in enumerate(zip(filling, other)) if old != new]
            if len(places) == 1:
                open_to[places[0], other[places[0]]] = False
        if not wording.finished(filling):
            done = [wording.finished((token,)) for token in filling]
            open_to[np.flatnonzero(done)] = False
        return open_to

    def _passing(self, swaps: IntArray, climb: Climb, wording: Wording) -> list[tuple[int, int]]:
        """The first swaps that keep to the rules, as many as a step tries."""
        filling, found = climb.standing.filling, []
        for start in range(0, len(swaps), self.candidates):
            some = [(int(place), int(token)) for place, token in swaps[start : start + self.candidates]]
            fillings = [_swapped(filling, *swap) for swap in some]
            passing = wording.passing(fillings).tolist()
            climb.tried.update(new for new, passes in zip(fillings, passing) if not passes)
            found += [swap for swap, passes in zip(some, passing) if passes]
            if len(found) >= self.candidates:
                break
        return found[: self.candidates]


def _swapped(filling: Filling, place: int, token: int) -> Filling:
    return (*filling[:place], token, *filling[place + 1 :])
