"""First-order scores of all swaps of a trigger, kept while it stands."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from promptsearch.engines.trigger.config import Promise
from promptsearch.engines.trigger.fluency import Fluency
from promptsearch.engines.trigger.reading import Filling, Reading
from promptsearch.engines.trigger.swaps import promised_losses, swap_scores

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Promised:
    """What all swaps of a trigger promise, each (m, vocabulary).

    Attributes:
        gains: how far the loss is promised to fall, fluency included.
        fluent: the part of fluency in it; (m, 1) zeros where that does not count.
    """

    gains: FloatArray
    fluent: FloatArray


@dataclass
class Promises:
    """How far every swap is promised to bring the loss down, see `swaps.py`.

    Attributes:
        rows: examples that slopes are taken on.
        point: (d,) around which they are, the mean of the tokens that may stand in a trigger.
    """

    reading: Reading
    fluency: Fluency
    kind: Promise
    rows: list[int]
    point: Tensor
    _of: Filling = ()
    _kept: Promised = field(default_factory=lambda: Promised(np.zeros((0, 0)), np.zeros((0, 0))))

    def pay(self) -> None:
        """Count what the promises of a trigger take.

        Raises:
            BudgetSpent: it is more than may still be read.
        """
        points = 1 if self.kind == "gradient" else self.reading.places
        self.reading.meter.take_gradients(points * len(self.rows), self.reading.n_labels - 1)
        if self.fluency.weight:
            self.reading.meter.take(self.reading.places * len(self.fluency.rows))

    def of(self, filling: Filling, loss: float) -> Promised:
        """The promises of a trigger whose label scores have that loss."""
        if filling != self._of:
            fluent = self.fluency.of_swaps(filling)
            self._of, self._kept = filling, Promised(self._gains(filling, loss) + fluent, fluent)
        return self._kept

    def _gains(self, filling: Filling, loss: float) -> FloatArray:
        matrix, costs = self.reading.reader.matrix, self.reading.costs.on(self.rows)
        if self.kind == "gradient":
            slopes = self.reading.slopes(filling, self.rows)
            gradient = slopes.gradient(costs.gradient(slopes.scores))
            return swap_scores(gradient, matrix, filling)
        around = self.reading.slopes_around(filling, self.point, self.rows)
        return loss - np.stack([promised_losses(slopes, self.point, matrix, costs) for slopes in around])
