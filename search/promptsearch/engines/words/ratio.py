"""Label words one label against the rest (PETAL, Schick, Schmid and Schütze 2020).

With q(w | x) the probability of word w for text x, n_y texts of label y and m_y others, the two scores are

    cross-entropy      s(y, w)  =  Σ_{x of y} log q(w | x)  +  n_y / m_y · Σ_{others} log(1 - q(w | x))

    likelihood ratio   s(y, w)  =  Σ_{x of y} log o(w | x)  -  n_y / m_y · Σ_{others} log o(w | x),

    o(w | x)  =  q(w | x) / (1 - q(w | x)),

both divided by n_y. The first prefers words that are likely, the second words that tell labels apart,
however rare.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def cross_entropy_scores(log_probs: ArrayLike, gold: ArrayLike, n_labels: int) -> FloatArray:
    """PETAL's cross-entropy score of every label and word: (n, W) word log-probabilities -> (n_labels, W)."""
    own = np.asarray(log_probs, dtype=np.float64)
    return _contrast(own, _log_rest(own), gold, n_labels)


def ratio_scores(log_probs: ArrayLike, gold: ArrayLike, n_labels: int) -> FloatArray:
    """PETAL's likelihood ratio of every label and word: (n, W) word log-probabilities -> (n_labels, W)."""
    values = np.asarray(log_probs, dtype=np.float64)
    odds = values - _log_rest(values)
    return _contrast(odds, -odds, gold, n_labels)


def _log_rest(log_probs: FloatArray) -> FloatArray:
    """log(1 - q), where q is never quite 1."""
    return np.log1p(-np.exp(np.minimum(log_probs, -1e-9)))


def _contrast(of_label: FloatArray, of_others: FloatArray, gold: ArrayLike, n_labels: int) -> FloatArray:
    labels = np.asarray(gold, dtype=np.int64)
    rows = []
    for label in range(n_labels):
        mine = labels == label
        rows.append(of_label[mine].mean(axis=0) + of_others[~mine].mean(axis=0))
    return np.stack(rows)
