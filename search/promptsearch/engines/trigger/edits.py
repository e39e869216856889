"""Candidates without gradients: tokens leave, change places, or are written anew by the PLM itself.

The edits of GrIPS (Prasad et al. 2023: delete, swap, paraphrase) on tokens, where the paraphrase is what
the PLM itself would put in a place. The number of tokens stays: where one is deleted, those after it in its
slot move up, and the PLM fills the place that comes free.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from promptsearch.engines.trigger.climbing import Climb
from promptsearch.engines.trigger.fluency import Fluency
from promptsearch.engines.trigger.proposals import Proposal
from promptsearch.engines.trigger.reading import Filling
from promptsearch.engines.trigger.wording import Wording

IntArray = NDArray[np.int64]

# Tokens that the PLM offers for a place that a deletion leaves free.
_FOR_FREE = 4


@dataclass(frozen=True)
class Edits:
    """All edits of one trigger.

    Attributes:
        moved: with tokens deleted or exchanged.
        rewritten: with another token in one place.
    """

    moved: tuple[Filling, ...] = ()
    rewritten: tuple[Filling, ...] = ()


@dataclass
class EditProposer:
    """Draws edits: those that move tokens first, then others at random from the likeliest.

    Attributes:
        allowed: ids of tokens that may stand in a trigger.
        candidates: edits a step.
        top_k: edits that put another token in a place, the likeliest of each place alike.
    """

    fluency: Fluency
    allowed: IntArray
    candidates: int
    top_k: int
    _of: Filling = ()
    _kept: Edits = field(default_factory=Edits)

    def draw(self, climb: Climb, wording: Wording, rng: Generator) -> list[Proposal]:
        """Edits that were not tried and keep to the rules; what breaks them counts as tried.

        Raises:
            BudgetSpent: the places are more than may still be read.
        """
        filling = climb.standing.filling
        if not climb.paid:
            self.fluency.reading.meter.take(2 * len(filling) * len(self.fluency.rows))
            climb.paid = True
        if filling != self._of:
            self._of, self._kept = filling, self._edits(filling, wording)
        rewritten = self._kept.rewritten
        lots = rng.random(len(rewritten))
        drawn = [*self._kept.moved, *(rewritten[i] for i in np.argsort(lots))]
        new = [edit for edit in dict.fromkeys(drawn) if edit != filling and edit not in climb.tried]
        found: list[Proposal] = []
        for start in range(0, len(new), self.candidates):
            some = new[start : start + self.candidates]
            passing = wording.passing(some).tolist()
            climb.tried.update(edit for edit, passes in zip(some, passing) if not passes)
            found += [_proposal(filling, edit) for edit, passes in zip(some, passing) if passes]
            if len(found) >= self.candidates:
                break
        return found[: self.candidates]

    def _edits(self, filling: Filling, wording: Wording) -> Edits:
        moved = [*self._deleted(filling, wording), *_exchanged(filling)]
        each = max(1, self.top_k // len(filling))
        rewritten = [
            (*filling[:place], token, *filling[place + 1 :])
            for place in range(len(filling))
            for token in self.fluency.likeliest(filling, place, self.allowed, each)
        ]
        return Edits(tuple(moved), tuple(rewritten))

    def _deleted(self, filling: Filling, wording: Wording) -> list[Filling]:
        found: list[Filling] = []
        start = 0
        for group in wording.groups(filling):
            end = start + len(group)
            for place in range(start, end):
                up = (*filling[:place], *filling[place + 1 : end], filling[end - 1], *filling[end:])
                for token in self.fluency.likeliest(up, end - 1, self.allowed, _FOR_FREE):
                    found.append((*up[: end - 1], token, *up[end:]))
            start = end
        return found


def _exchanged(filling: Filling) -> list[Filling]:
    found: list[Filling] = []
    for first, second in combinations(range(len(filling)), 2):
        tokens = list(filling)
        tokens[first], tokens[second] = tokens[second], tokens[first]
        found.append(tuple(tokens))
    return found


def _proposal(filling: Filling, edit: Filling) -> Proposal:
    places = [i for i, (old, new) in enumerate(zip(filling, edit)) if old != new]
    return Proposal(edit, places[0] if len(places) == 1 else -1)
