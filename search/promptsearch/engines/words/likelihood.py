"""Label words by conditional likelihood (LM-BFF, Gao, Fisch and Chen 2021, section 5.1).

For each label the k words that are likeliest for its own texts,

    V_y  =  Top-k over w of  Σ_{x of y} log p(w | x),

then the assignments of one word a label, out of V_1 × … × V_L, under which most texts of train get their own
label. Where the product is small every assignment is judged. Where it is not, labels are added one at a time
and the best partial assignments go on: each is judged on the texts of the labels it has words for, by the
log-likelihood of held-out texts, and leaves when a paired comparison with the best one says so.

The paper reads p(w | x) as it stands; here assignments are judged after batch calibration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promptsearch.engines.words.crossval import held_out_log_likelihoods
from promptsearch.engines.words.folds import stratified_folds
from promptsearch.scoring import evaluate_many

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# A partial assignment leaves when it is worse than the best by so many standard errors of the difference.
_ERRORS = 2.0


@dataclass(frozen=True)
class Assignment:
    """One word a label.

    Attributes:
        columns: of each label.
        accuracy, log_likelihood: on train, calibrated.
    """

    columns: tuple[int, ...]
    accuracy: float
    log_likelihood: float


def likely_words(log_probs: ArrayLike, gold: ArrayLike, n_labels: int) -> FloatArray:
    """Mean over a label's texts of log p(w | x): (n, W) word log-probabilities -> (n_labels, W)."""
    values, labels = np.asarray(log_probs, dtype=np.float64), np.asarray(gold, dtype=np.int64)
    return np.stack([values[labels == label].mean(axis=0) for label in range(n_labels)])


def assign(
    log_probs: ArrayLike,
    gold: ArrayLike,
    candidates: Sequence[Sequence[int]],
    best: int = 10,
    exact: int = 20_000,
    beam: int = 200,
    seed: int = 0,
) -> list[Assignment]:
    """The best assignments of one word a label, best first: by accuracy, then by log-likelihood, on train.

    A word stands for one label only.

    Args:
        log_probs: (n, W) word log-probabilities.
        gold: (n,) label indices.
        candidates: columns that each label may have.
        best: how many to return.
        exact: products up to this size are enumerated.
        beam: how many partial assignments go on where they are not.
        seed: of the folds.
    """
    values, labels = np.asarray(log_probs, dtype=np.float64), np.asarray(gold, dtype=np.int64)
    if prod(len(columns) for columns in candidates) <= exact:
        index = np.array(
            [each for each in product(*candidates) if len(set(each)) == len(each)], dtype=np.int64
        )
    else:
        index = _beam(values, labels, candidates, beam, seed)
    if not len(index):
        return []
    accuracy, likelihood = evaluate_many(values, index[:, :, np.newaxis], labels, calibration="batch")
    order = np.lexsort((-likelihood, -accuracy))[:best]
    return [Assignment(tuple(index[i].tolist()), float(accuracy[i]), float(likelihood[i])) for i in order]


def _beam(
    log_probs: FloatArray, gold: IntArray, candidates: Sequence[Sequence[int]], width: int, seed: int
) -> IntArray:
    kept = np.array(list(candidates[0]), dtype=np.int64)[:, np.newaxis]
    for label in range(1, len(candidates)):
        longer = np.array(
            [(*each, word) for each in kept.tolist() for word in candidates[label] if word not in each],
            dtype=np.int64,
        )
        if not len(longer):
            return longer.reshape(0, label + 1)
        seen = gold <= label
        folds = stratified_folds(gold[seen], seed=seed)
        scores = log_probs[seen][:, longer].transpose(1, 2, 0)
        kept = longer[_survivors(held_out_log_likelihoods(scores, gold[seen], folds), width)]
    return kept


def _survivors(log_likelihoods: FloatArray, width: int) -> IntArray:
    """The best rows of (J, n), at most `width`, without those that a paired comparison tells to be worse."""
    means = log_likelihoods.mean(axis=1)
    order = np.argsort(-means, kind="stable")[:width]
    behind = log_likelihoods[order[0]] - log_likelihoods[order]
    error = behind.std(axis=1, ddof=1) / np.sqrt(behind.shape[1])
    return order[behind.mean(axis=1) <= _ERRORS * error]
