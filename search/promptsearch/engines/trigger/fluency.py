"""How likely the PLM itself finds a trigger where it stands, as a part of the loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.trigger.reading import Filling, Reading

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Fluency:
    """Log-probability of a trigger's tokens, times a weight.

    Attributes:
        weight: in the loss, for a nat a token.
        rows: the examples it is averaged over, a few.
    """

    reading: Reading
    weight: float
    rows: Sequence[int]

    def penalties(self, fillings: Sequence[Filling]) -> FloatArray:
        """(c,) what triggers have more in their loss; see `FreeReader.fluency`.

        Raises:
            BudgetSpent: they are more than may still be read.
        """
        if not self.weight or not fillings:
            return np.zeros(len(fillings))
        self.reading.meter.take(len(fillings) * len(self.rows) * self.reading.places)
        found = self.reading.reader.fluency(np.asarray(fillings, dtype=np.int64), self.rows)
        return -self.weight * found.double().cpu().numpy()

    def of_swaps(self, filling: Filling) -> FloatArray:
        """(m, vocabulary) how far each swap brings the penalty down, its own place alone considered.

        Not counted as readings here.
        """
        if not self.weight:
            return np.zeros((len(filling), 1))
        likely = np.stack([self.in_place(filling, place) for place in range(len(filling))])
        gained = likely - likely[np.arange(len(filling)), list(filling)][:, None]
        return self.weight / len(filling) * gained

    def in_place(self, filling: Filling, place: int) -> FloatArray:
        """(vocabulary,) what the PLM would put in one place, the others as they are: log-probabilities.

        Not counted as readings here.
        """
        found = self.reading.reader.place_log_probs(filling, place, self.rows)
        return found.double().mean(dim=0).cpu().numpy()

    def likeliest(self, filling: Filling, place: int, among: NDArray[np.int64], most: int) -> list[int]:
        """The tokens that the PLM would rather put in a place, best first; near-ties by id."""
        log_probs = np.round(self.in_place(filling, place)[among], 4)
        return among[np.lexsort((among, -log_probs))[:most]].tolist()
