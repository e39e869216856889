"""Triggers to try, and how far what was promised of them came true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.trigger.reading import Filling

FloatArray = NDArray[np.float64]

# Expecting no error weighs as much as so many candidates that were read on all of train.
_TRUST = 4.0


@dataclass(frozen=True)
class Proposal:
    """A trigger to try.

    Attributes:
        place: the one place that differs, or -1 where several do.
        promised: how far it is promised to bring the loss down.
        handicap: how much less fluent it is reckoned to be, in the loss.
    """

    filling: Filling
    place: int = -1
    promised: float = 0.0
    handicap: float = 0.0


@dataclass
class Errors:
    """How much more or less than promised swaps in each place have brought, learned as candidates are read.

    A promise is optimistic where a place matters much, so that without this all candidates would come from
    there.

    Attributes:
        sums, counts: (m,) of the errors, weighted by the share of train that each was seen on.
    """

    sums: FloatArray
    counts: FloatArray

    @classmethod
    def none(cls, places: int) -> Errors:
        """Nothing learned yet."""
        return cls(np.zeros(places), np.zeros(places))

    @property
    def expected(self) -> FloatArray:
        """(m,) what to add to promises."""
        return self.sums / (self.counts + _TRUST)

    def learn(self, proposals: Sequence[Proposal], gains: FloatArray, weights: FloatArray) -> None:
        """Take in what candidates have brought."""
        for proposal, gain, weight in zip(proposals, gains.tolist(), weights.tolist()):
            if proposal.place >= 0:
                self.sums[proposal.place] += weight * (gain - proposal.promised)
                self.counts[proposal.place] += weight
