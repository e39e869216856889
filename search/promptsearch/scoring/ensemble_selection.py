"""Which members an ensemble of equal weights should have: ensemble selection (Caruana et al. 2004).

The members that are best one by one often make the same mistakes. Here each is chosen for what it adds to
those that were chosen before.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from promptsearch.scoring.ensemble import margins_of
from promptsearch.scoring.logspace import log_sum_exp

_DECIMALS = 4  # of log-likelihoods in nats, beyond which members are alike


def select_members(log_probs: ArrayLike, gold: ArrayLike, most: int) -> list[int]:
    """`most` members in the order in which they were chosen, each at most once.

    First comes the one that gives the gold labels the highest likelihood by itself, then each time the one
    with which those chosen so far, all with equal weights, give them the highest; of equal ones the first.

    Args:
        log_probs: (T, n, L) label log-probabilities of each member.
        gold: (n,) label indices.

    Raises:
        ValueError: shapes that do not fit, or labels out of range.
    """
    margins = margins_of(log_probs, gold)
    total, left, chosen = np.zeros(margins.shape[1:]), list(range(len(margins))), list[int]()
    while left and len(chosen) < most:
        together = (total + margins[left]) / (len(chosen) + 1)
        likelihoods = np.round(-log_sum_exp(together).mean(axis=-1), _DECIMALS) if margins.shape[1] else [0.0]
        best = left[int(np.argmax(likelihoods))]
        left.remove(best)
        chosen.append(best)
        total += margins[best]
    return chosen
