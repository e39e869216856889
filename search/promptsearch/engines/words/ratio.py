"""Label words one label against the rest (PETAL, Schick, Schmid and Schütze 2020).

With q(w | x) the probability of word w for text x, n_y texts of label y and m_y others, the two scores are

    cross-entropy      s(y, w)  =  Σ_{x of y} log q(w | x)  +  n_y / m_y · Σ_{others} log(1 - q(w | x))

    likelihood ratio   s(y, w)  =  Σ_{x of y} log o(w | x)  -  n_y / m_y · Σ_{others} log o(w | x),

    o(w | x)  =  q(w | x) / (1 - q(w | x)),

both divided by n_y. The first prefers words that are likely, the second words that tell labels apart,
however rare.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Terms = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


# Columns are taken so many values at a time: no copy of the whole is made.
_CHUNK_VALUES = 1_000_000


def cross_entropy_scores(log_probs: ArrayLike, gold: ArrayLike, n_labels: int) -> FloatArray:
    """PETAL's cross-entropy score of every label and word: (n, W) word log-probabilities -> (n_labels, W)."""
    return _in_chunks(lambda own: (own, _log_rest(own)), log_probs, gold, n_labels)


def ratio_scores(log_probs: ArrayLike, gold: ArrayLike, n_labels: int) -> FloatArray:
    """PETAL's likelihood ratio of every label and word: (n, W) word log-probabilities -> (n_labels, W)."""

    def odds(own: FloatArray) -> tuple[FloatArray, FloatArray]:
        of_label = own - _log_rest(own)
        return of_label, -of_label

    return _in_chunks(odds, log_probs, gold, n_labels)


def _in_chunks(terms: Terms, log_probs: ArrayLike, gold: ArrayLike, n_labels: int) -> FloatArray:
    """Scores from the terms of texts of the label and of others."""
    values, labels = np.asarray(log_probs), np.asarray(gold, dtype=np.int64)
    members = [np.flatnonzero(labels == label) for label in range(n_labels)]
    scores = np.empty((n_labels, values.shape[1]))
    size = max(1, _CHUNK_VALUES // max(1, len(values)))
    for start in range(0, values.shape[1], size):
        part = slice(start, start + size)
        scores[:, part] = _contrast(*terms(values[:, part].astype(np.float64)), members)
    return scores


def _log_rest(log_probs: FloatArray) -> FloatArray:
    """log(1 - q), where q is never quite 1."""
    return np.log1p(-np.exp(np.minimum(log_probs, -1e-9)))


def _contrast(of_label: FloatArray, of_others: FloatArray, members: Sequence[IntArray]) -> FloatArray:
    counts = np.array([len(texts) for texts in members])[:, np.newaxis]
    own = np.stack([of_label[texts].sum(axis=0) for texts in members])
    others = _sums_without(np.stack([of_others[texts].sum(axis=0) for texts in members]))
    return own / counts + others / (counts.sum() - counts)


def _sums_without(sums: FloatArray) -> FloatArray:
    """For each row the sum of the other rows, from those before and those after it: nothing cancels."""
    without = np.zeros_like(sums)
    without[1:] += np.cumsum(sums[:-1], axis=0)
    without[:-1] += np.cumsum(sums[:0:-1], axis=0)[::-1]
    return without
