"""Which examples a step sees: as many of every class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class BalancedBatches:
    """Rows for each step; the same for the same seed, whichever steps were asked for before.

    Classes take turns in an order drawn anew each round, and each class goes through its rows in an order
    drawn anew each time it is through; so small classes come back sooner.

    Args:
        rows: that are drawn from.
        classes: of each of them.
        size: rows a step, at most as many as there are.
        seed: non-negative numbers.
    """

    def __init__(self, rows: Sequence[int], classes: Sequence[int], size: int, seed: Sequence[int]) -> None:
        self._members = [
            np.array([row for row, of in zip(rows, classes, strict=True) if of == each], dtype=np.int64)
            for each in sorted(set(classes))
        ]
        self.size = min(size, len(rows))
        self._seed = list(seed)
        self._orders: dict[int, tuple[int, np.ndarray]] = {}

    def of(self, step: int) -> list[int]:
        """Rows of one step, counted from 0."""
        return [self._at(place) for place in range(step * self.size, (step + 1) * self.size)]

    def _at(self, place: int) -> int:
        turn, among = divmod(place, len(self._members))
        which = int(self._order(0, turn, len(self._members))[among])
        members = self._members[which]
        cycle, at = divmod(turn, len(members))
        return int(members[self._order(1 + which, cycle, len(members))[at]])

    def _order(self, stream: int, cycle: int, n: int) -> np.ndarray:
        known = self._orders.get(stream)
        if known is None or known[0] != cycle:
            order = np.random.default_rng([*self._seed, stream, cycle]).permutation(n)
            self._orders[stream] = known = cycle, order
        return known[1]
