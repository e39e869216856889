"""Cross-validated log-likelihood of many verbalizers at once, calibrated on what is not held out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_CHUNK_VALUES = 400_000


def held_out_log_likelihoods(scores: FloatArray, gold: IntArray, folds: IntArray) -> FloatArray:
    """Log-probability of each example's label, batch-calibrated on the other folds: (J, n).

    Args:
        scores: (J, L, n) label scores of J verbalizers.
        gold: (n,) label indices.
        folds: (n,) fold of each example; with a single fold the calibration is fitted on all.
    """
    size = max(1, _CHUNK_VALUES // max(1, scores.shape[1] * scores.shape[2]))
    parts = [_held_out(scores[i : i + size], gold, folds) for i in range(0, len(scores), size)]
    return np.concatenate(parts)


def _held_out(scores: FloatArray, gold: IntArray, folds: IntArray) -> FloatArray:
    shares = scores - scores.max(axis=1, keepdims=True)
    np.exp(shares, out=shares)
    shares /= shares.sum(axis=1, keepdims=True)
    n_folds = int(folds.max()) + 1
    others = folds[:, None] != np.arange(n_folds)
    if n_folds == 1:
        others = ~others
    # Batch calibration: label shares divided by their mean over the texts that are not held out.
    means = np.maximum(shares @ (others / others.sum(axis=0)), 1e-300)
    calibrated = shares / means[:, :, folds]
    own = calibrated[:, gold, np.arange(len(gold))]
    return np.log(np.maximum(own, 1e-300)) - np.log(calibrated.sum(axis=1))
