"""Label words by conditional likelihood (LM-BFF, Gao, Fisch and Chen 2021, section 5.1).

For each label the k words that are likeliest for its own texts,

    V_y  =  Top-k over w of  Σ_{x of y} log p(w | x),

then the assignments of one word a label, out of V_1 × … × V_L, under which most texts of train get their own
label. Where the product is small every assignment is judged. Where it is not, labels are added one at a time
and the best partial assignments go on: each is judged on the texts of the labels it has words for, by the
log-likelihood of held-out texts, and leaves when a paired comparison with the best one says so. With many
labels or texts fewer go on, so that width · candidates · labels · texts stays below 10⁸.

The paper reads p(w | x) as it stands; here assignments are judged after batch calibration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promptsearch.engines.words.crossval import held_out_of_changes
from promptsearch.engines.words.folds import stratified_folds
from promptsearch.scoring import evaluate_many

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# A partial assignment leaves when it is worse than the best by so many standard errors of the difference.
_ERRORS = 2.0
_MOST_WORK = 100_000_000
_FEW = 16  # With fewer labels than these memory is what counts, and not work.
_CHUNK_VALUES = 1_000_000


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
    values, labels = np.asarray(log_probs), np.asarray(gold, dtype=np.int64)
    return np.stack([values[labels == label].mean(axis=0, dtype=np.float64) for label in range(n_labels)])


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
        beam: how many partial assignments go on where they are not; fewer where the work is too much.
        seed: of the folds.
    """
    # Only candidates are looked at: a copy of the whole vocabulary's columns is not needed.
    used, places = np.unique(np.concatenate([list(c) for c in candidates]), return_inverse=True)
    pools = np.split(places, np.cumsum([len(columns) for columns in candidates])[:-1])
    used = used.astype(np.int64)
    values, labels = np.asarray(log_probs)[:, used].astype(np.float64), np.asarray(gold, dtype=np.int64)
    if prod(len(columns) for columns in candidates) <= exact:
        index = np.array(
            [each for each in product(*(pool.tolist() for pool in pools)) if len(set(each)) == len(each)],
            dtype=np.int64,
        )
    else:
        index = _beam(values, labels, pools, _narrowed(beam, pools, len(labels)), seed)
    if not len(index):
        return []
    accuracy, likelihood = evaluate_many(values, index[:, :, np.newaxis], labels, calibration="batch")
    order = np.lexsort((-likelihood, -accuracy))[:best]
    return [
        Assignment(tuple(used[index[i]].tolist()), float(accuracy[i]), float(likelihood[i])) for i in order
    ]


def _narrowed(beam: int, pools: Sequence[IntArray], n: int) -> int:
    """The width of the beam that the work allows."""
    each = max(len(pool) for pool in pools) * max(len(pools), _FEW) * n
    return max(1, min(beam, _MOST_WORK // each))


def _beam(
    log_probs: FloatArray, gold: IntArray, pools: Sequence[IntArray], width: int, seed: int
) -> IntArray:
    # A text's factor drops out of every label's share.
    probabilities = np.exp(log_probs - log_probs.max(axis=1, keepdims=True)).T
    kept = pools[0][:, np.newaxis]
    for label in range(1, len(pools)):
        seen = gold <= label
        folds = stratified_folds(gold[seen], seed=seed)
        allowed = (kept[:, :, np.newaxis] != pools[label]).all(axis=1)
        if not allowed.any():
            return np.empty((0, label + 1), dtype=np.int64)
        judged = _longer(np.ascontiguousarray(probabilities[:, seen]), kept, pools[label], gold[seen], folds)
        parent, word = np.nonzero(allowed)
        best = _survivors(judged[parent, word], width)
        kept = np.column_stack([kept[parent[best]], pools[label][word[best]]])
    return kept


def _longer(
    probabilities: FloatArray, kept: IntArray, pool: IntArray, gold: IntArray, folds: IntArray
) -> FloatArray:
    """Held-out log-likelihoods (K, J, n) of K partial assignments, each with each of J words added.

    Args:
        probabilities: (W, n).
    """
    n_labels, n = kept.shape[1], len(gold)
    last = np.full(len(pool), n_labels)
    size = max(1, _CHUNK_VALUES // ((n_labels + 1 + len(pool)) * n))
    found = np.empty((len(kept), len(pool), n))
    for start in range(0, len(kept), size):
        part = kept[start : start + size]
        rows = np.zeros((len(part), n_labels + 1, n))
        rows[:, :n_labels] = probabilities[part]
        new = np.broadcast_to(probabilities[pool], (len(part), len(pool), n))
        found[start : start + size] = held_out_of_changes(rows, last, new, gold, folds)
    return found


def _survivors(log_likelihoods: FloatArray, width: int) -> IntArray:
    """The best rows of (J, n), at most `width`, without those that a paired comparison tells to be worse."""
    means = log_likelihoods.mean(axis=1)
    order = np.argsort(-means, kind="stable")[:width]
    behind = log_likelihoods[order[0]] - log_likelihoods[order]
    error = behind.std(axis=1, ddof=1) / np.sqrt(behind.shape[1])
    return order[behind.mean(axis=1) <= _ERRORS * error]
