"""Folds for cross-validation, the same for whatever is compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

IntArray = NDArray[np.int64]


def stratified_folds(gold: ArrayLike, most: int = 5, seed: int = 0) -> IntArray:
    """The fold of each example, every class spread over the folds alike: (n,).

    There are no more folds than the smallest class has examples, so that no fold is without a class in its
    training part; a class of one example makes a single fold, in which nothing is held out.
    """
    labels = np.asarray(gold, dtype=np.int64)
    counts = np.unique(labels, return_counts=True)[1]
    n_folds = max(1, min(most, int(counts.min())))
    rng = np.random.default_rng(seed)
    folds = np.zeros(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        folds[members] = np.arange(len(members)) % n_folds
    return folds
