"""Cross-validated log-likelihood of many verbalizers at once, calibrated on what is not held out.

Where verbalizers differ from a given one in a single label, what their other labels say need not be gone
through text by text. With r_y(x) the label scores (no logarithms), r' that of the changed label and
T(x) = Σ_{other labels} r_y(x) + r'(x), the mean shares are  M_y = mean over x of r_y(x) / T(x),  a product of
matrices, and T drops out of the calibrated log-probability

    log (r_g(x) / M_g)  -  log Σ_y r_y(x) / M_y,

whose sum is another such product.
"""

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


def held_out_of_changes(
    rows: FloatArray, labels: IntArray, changed: FloatArray, gold: IntArray, folds: IntArray
) -> FloatArray:
    """As `held_out_log_likelihoods`, of verbalizers that differ from a given one in one label: (..., J, n).

    Args:
        rows: (..., L, n) label scores of the given verbalizers, as probabilities: exp of the above.
        labels: (J,) the label that changes.
        changed: (..., J, n) what it scores now.
        gold: (n,) label indices.
        folds: (n,) fold of each example.
    """
    rows, changed = np.maximum(rows, 1e-300), np.maximum(changed, 1e-300)
    # A sum over the other labels, which a difference from the total would blur.
    which, place = np.unique(labels, return_inverse=True)
    rest = (1 - np.eye(rows.shape[-2])[which]) @ rows
    inverse = 1 / (rest[..., place, :] + changed)
    at = np.arange(len(labels))
    members = [np.flatnonzero(folds == fold) for fold in range(int(folds.max()) + 1)]
    parts = [(rows[..., texts], inverse[..., texts], changed[..., texts]) for texts in members]
    sums = []
    for row, inv, new in parts:
        total = inv @ row.swapaxes(-1, -2)
        total[..., at, labels] = (inv * new).sum(axis=-1)
        sums.append(total)
    result = np.empty(changed.shape)
    for fold, (texts, (row, _, new)) in enumerate(zip(members, parts)):
        others = [g for g in range(len(members)) if g != fold] or [fold]
        n_others = sum(len(members[g]) for g in others)
        factors = 1 / np.maximum(sum((sums[g] for g in others[1:]), sums[others[0]]) / n_others, 1e-300)
        factor = factors[..., at, labels]
        mine = gold[texts] == labels[:, np.newaxis]
        scores = row[..., gold[texts], np.arange(len(texts))][..., np.newaxis, :]
        own = np.where(mine, new, scores) * factors[..., gold[texts]]
        factors[..., at, labels] = 0.0
        whole = factors @ row + new * factor[..., np.newaxis]
        result[..., texts] = np.log(own) - np.log(whole)
    return result
