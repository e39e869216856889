"""Which of several prompts is best, and which cannot be told apart from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from promptsearch.scoring.intervals import mcnemar
from promptsearch.scoring.metrics import IntArray

# Rounding keeps an order from hanging on noise: metrics of equal counts differ in the last bits only,
# and a PLM's log-probabilities are the same up to 1e-4 for every batch size.
METRIC_DECIMALS = 12
LOG_LIKELIHOOD_DECIMALS = 4


def rank(values: ArrayLike, log_likelihoods: ArrayLike, costs: ArrayLike) -> IntArray:
    """Indices from best to worst: higher metric, then higher log-likelihood, then fewer tokens.

    What is still equal keeps its order. NaN is worst.

    Args:
        values: (k,) metric, compared to 12 decimals.
        log_likelihoods: (k,) mean log-likelihood in nats, compared to 4 decimals.
        costs: (k,) tokens per text.
    """
    metric = -np.round(np.asarray(values, dtype=np.float64), METRIC_DECIMALS)
    likelihood = -np.round(np.asarray(log_likelihoods, dtype=np.float64), LOG_LIKELIHOOD_DECIMALS)
    return np.lexsort((np.asarray(costs, dtype=np.float64), likelihood, metric)).astype(np.int64)


def holm(p_values: Sequence[float], level: float = 0.05) -> tuple[bool, ...]:
    """Which hypotheses are rejected with a family-wise error of at most `level` (Holm 1979)."""
    rejected = [False] * len(p_values)
    for step, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[index] > level / (len(p_values) - step):
            break
        rejected[index] = True
    return tuple(rejected)


def best_indistinguishable(correct: ArrayLike, level: float = 0.05) -> tuple[int, ...]:
    """Rows that cannot be told apart from the first one by accuracy, the first included.

    Exact McNemar tests of the first against every other, Holm-corrected. The first was chosen on the
    same examples it is tested on, so a difference found here is optimistic; the lack of one is not.

    Args:
        correct: (k, n), whether system k is right on example n; the best system first.
    """
    rows = np.asarray(correct, dtype=bool)
    told_apart = holm([mcnemar(rows[0], row) for row in rows[1:]], level)
    return (0, *(index for index, apart in enumerate(told_apart, start=1) if not apart))
