"""Where a search starts: tokens in the places of a template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from promptsearch.engines.trigger.fluency import Fluency
from promptsearch.engines.trigger.reading import Filling
from promptsearch.engines.trigger.wording import Wording

IntArray = NDArray[np.int64]

# Tokens that are tried in a place until one keeps to the rules.
_ATTEMPTS = 50


@dataclass(frozen=True)
class Starts:
    """Makes starts for one template.

    Attributes:
        allowed: ids of tokens that may stand in a trigger.
        blank: what stands in a place until it is filled: a mask token, or any token on a causal PLM.
    """

    wording: Wording
    fluency: Fluency
    allowed: IntArray
    blank: int

    def likely(self, places: int, given: Sequence[int] = ()) -> Filling:
        """From left to right what the PLM itself would put there, after tokens that are given."""
        filling = [*given][:places] + [self.blank] * (places - len(given))
        for place in range(min(len(given), places), places):
            best = self.fluency.likeliest(tuple(filling), place, self.allowed, _ATTEMPTS)
            filling = list(self._first_keeping(filling, place, best))
        return tuple(filling)

    def random(self, places: int, rng: Generator) -> Filling:
        """Any tokens that keep to the rules."""
        filling: Filling = (self.wording.neutral,) * places
        for place in range(places):
            filling = self._redrawn(filling, place, rng)
        return filling

    def shaken(self, filling: Filling, rng: Generator) -> Filling:
        """A trigger with other tokens in a third of its places."""
        count = -(-len(filling) // 3)
        for place in rng.choice(len(filling), count, replace=False).tolist():
            filling = self._redrawn(filling, place, rng)
        return filling

    def lawful(self, filling: Filling) -> Filling:
        """A trigger with a neutral token in place of those that may not stand there."""
        allowed = set(self.allowed.tolist())
        return tuple(token if token in allowed else self.wording.neutral for token in filling)

    def _redrawn(self, filling: Filling, place: int, rng: Generator) -> Filling:
        tokens = rng.choice(self.allowed, min(_ATTEMPTS, len(self.allowed)), replace=False)
        return self._first_passing(filling, place, tokens.tolist())

    def _first_keeping(self, filling: Sequence[int], place: int, tokens: Sequence[int]) -> Filling:
        """The trigger with the first of the tokens in its place that keeps to the rules in all prompts.

        Places behind it, which are blank, are held to the rules with the neutral token in them.
        """
        behind = [self.wording.neutral] * (len(filling) - place - 1)
        plain = [(*filling[:place], token, *behind) for token in tokens]
        passing = np.flatnonzero(self.wording.passing(plain)).tolist()
        first = next((i for i in passing if self.wording.keeps(plain[i])), passing[0] if passing else 0)
        return (*filling[:place], tokens[first], *filling[place + 1 :])

    def _first_passing(self, filling: Sequence[int], place: int, tokens: Sequence[int]) -> Filling:
        """The trigger with the first of the tokens in its place that keeps to the rules, else the first."""
        fillings = [(*filling[:place], token, *filling[place + 1 :]) for token in tokens]
        passing = self.wording.passing(fillings)
        return fillings[int(passing.argmax())]
