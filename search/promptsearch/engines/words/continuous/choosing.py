"""Which of several fits to take, when few examples tell them apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from promptsearch.engines.words.logistic import FloatArray


def simplest(likelihoods: Sequence[FloatArray], errors: float) -> int:
    """The first option that is no worse than the best by more than `errors` standard errors.

    The standard error is that of the mean paired difference to the best (Breiman et al. 1984, section 3.4.3,
    take 1 standard error of the best alone). With few examples the best by itself is often best by luck.

    Args:
        likelihoods: (n,) held-out log-likelihood of each example, an array an option, simplest option first.
    """
    means = [values.mean() for values in likelihoods]
    best = likelihoods[int(np.argmax(means))]
    for option, values in enumerate(likelihoods):
        gaps = best - values
        if gaps.mean() <= errors * gaps.std(ddof=min(1, len(gaps) - 1)) / len(gaps) ** 0.5:
            return option
    return int(np.argmax(means))
