"""The winner's curse: the best of many on few examples owes part of its figure to luck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

REPEATS = 1000


@dataclass(frozen=True)
class WinnersCurse:
    """What choosing the best by its accuracy on dev adds to that accuracy.

    Attributes:
        chosen: accuracy of the best on the examples that it was chosen by.
        expected: accuracy to expect of a prompt chosen so, on examples that it was not chosen by.
    """

    chosen: float
    expected: float

    @property
    def optimism(self) -> float:
        """How much the first is above the second."""
        return self.chosen - self.expected


def winners_curse(correct: ArrayLike, seed: int = 0, repeats: int = REPEATS) -> WinnersCurse:
    """Estimate it by choosing again and again on resampled examples.

    In each repeat the candidate that does best on n examples drawn with replacement is judged on those not
    drawn, and the mean of that is `expected` (bootstrap bias corrected selection: Tsamardinos, Greasidou and
    Borboudakis 2018, "Bootstrapping the out-of-sample predictions for efficient and accurate
    cross-validation"). Of candidates that are equally good on the drawn examples the mean counts. As fewer
    different examples take part in each choice, `expected` is a little low.

    Args:
        correct: (c, n), whether each candidate was right on each dev example.

    Raises:
        ValueError: no candidate, or fewer than two examples.
    """
    right = np.asarray(correct, dtype=np.float64)
    if right.ndim != 2 or right.shape[0] < 1 or right.shape[1] < 2:
        raise ValueError(f"expected (candidates, examples) with at least two examples, got {right.shape}")
    n = right.shape[1]
    rng = np.random.default_rng(seed)
    judged: list[float] = []
    for _ in range(repeats):
        drawn = np.bincount(rng.integers(n, size=n), minlength=n)
        left_out = drawn == 0
        if left_out.any():
            hits = right @ drawn
            judged.append(float(right[hits == hits.max()][:, left_out].mean()))
    return WinnersCurse(float(right.mean(axis=1).max()), float(np.mean(judged)))
