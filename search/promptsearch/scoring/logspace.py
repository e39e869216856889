"""Sums and distributions in log space.

NaN and impossible rows stay NaN: a row whose labels all have probability zero has no distribution.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def log_sum_exp(values: ArrayLike, axis: int = -1) -> FloatArray:
    """log of the sum of exponentials over `axis`; -inf where every term is -inf."""
    terms = np.asarray(values, dtype=np.float64)
    top = terms.max(axis=axis, keepdims=True)
    # An infinite or NaN maximum is no shift: inf - inf would hide a plain -inf.
    shift = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore", over="ignore"):
        summed = np.log(np.exp(terms - shift).sum(axis=axis))
    return summed + np.squeeze(shift, axis=axis)


def log_softmax(scores: ArrayLike) -> FloatArray:
    """Log-probabilities normalised over the last axis.

    A row that holds NaN or +inf, or is -inf throughout, becomes NaN altogether.
    """
    rows = np.asarray(scores, dtype=np.float64)
    total = log_sum_exp(rows)[..., np.newaxis]
    with np.errstate(invalid="ignore"):
        return rows - np.where(np.isfinite(total), total, np.nan)


def log_mean_distribution(scores: ArrayLike) -> FloatArray:
    """Log of the mean label distribution over inputs: (..., r, L) scores -> (..., L).

    Each input's scores are normalised over labels first. Inputs that cannot be scored are left out;
    where none can be, the result is NaN.
    """
    log_probs = log_softmax(scores)
    if log_probs.shape[-2] == 0:
        raise ValueError("a mean distribution needs at least one input")
    scored = ~np.isnan(log_probs[..., :1])
    if scored.all():
        return log_sum_exp(log_probs, axis=-2) - np.log(log_probs.shape[-2])
    with np.errstate(divide="ignore", invalid="ignore"):
        return log_sum_exp(np.where(scored, log_probs, -np.inf), axis=-2) - np.log(scored.sum(axis=-2))
