"""Soft verbalizer (WARP, Hambardzumyan et al. 2021): one learned vector a label, the PLM as it is.

WARP puts a vector v_y in the place of a label word's output embedding and learns it by gradient descent. With
the PLM frozen this is a convex problem on answer states,

    mean over i of -log p(y_i | x_i)  +  λ / 2 · Σ_y ||s ∘ (v_y - v⁰_y)||²,      p as in `SoftReadout`,

where v⁰_y is the start (the mean output embedding of the label's words) and s the standard deviation of each
component of the states, so that the penalty knows no units. Biases are free, which calibrates labels. λ is
chosen by cross-validation on train, where a large one stays with the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from promptsearch.engines.words.continuous.choosing import simplest
from promptsearch.engines.words.folds import IntArray, stratified_folds
from promptsearch.engines.words.logistic import FloatArray, fit_logistic, standardisation
from promptsearch.scoring.continuous import SoftReadout
from promptsearch.scoring.logspace import log_softmax

# n · λ, largest first: what n examples say is set against the same start. On SST-2 and AG News with 64 and
# 128 examples (SmolLM2-135M), a tenth of 600 loses one to three points of test accuracy against 600; without
# words to start from, less is better.
FROM_WORDS = (60_000.0, 6_000.0, 2_000.0, 600.0)
FROM_NOTHING = (6_000.0, 600.0, 60.0, 6.0)
# The largest λ within so many standard errors of the best.
_ERRORS = 0.5


@dataclass(frozen=True)
class SoftFit:
    """A fitted soft verbalizer.

    Attributes:
        penalty: λ.
        held_out: (n, L) label log-probabilities of each train text by a fit on the other folds, at this λ;
            those of the fit itself where a class has a single example and nothing can be held out.
    """

    readout: SoftReadout
    penalty: float
    held_out: FloatArray


def fit_soft(
    hidden: ArrayLike,
    gold: ArrayLike,
    n_labels: int,
    start: ArrayLike | None = None,
    *,
    penalties: Sequence[float] | None = None,
    seed: int = 0,
) -> SoftFit:
    """Learn a vector a label.

    Args:
        hidden: (n, d) answer states of labelled texts.
        gold: (n,) label indices.
        start: (L, d), see `word_vectors`; zeros where left out.
        penalties: values of λ to choose from, by default `FROM_WORDS` or `FROM_NOTHING` over n.
        seed: of the folds.
    """
    states, labels = np.asarray(hidden, dtype=np.float64), np.asarray(gold, dtype=np.int64)
    mean, scale = standardisation(states)
    begin = np.zeros((n_labels, states.shape[1])) if start is None else np.asarray(start) * scale
    problem = _Problem.of((states - mean) / scale, labels, n_labels, begin)
    folds = stratified_folds(labels, seed=seed)
    scaled = FROM_NOTHING if start is None else FROM_WORDS
    choices = sorted(penalties or [each / len(labels) for each in scaled], reverse=True)
    tried = [problem.held_out(folds, penalty) for penalty in choices]
    chosen = simplest([log_probs[np.arange(len(labels)), labels] for log_probs in tried], _ERRORS)
    weights, bias = problem.solve(choices[chosen])
    vectors = weights / scale
    return SoftFit(SoftReadout(vectors, bias - vectors @ mean), choices[chosen], tried[chosen])


def word_vectors(embeddings: ArrayLike, weights: ArrayLike) -> FloatArray:
    """The start of each label: the weighted mean of its words' output embeddings, (L, d).

    Args:
        embeddings: (W, d).
        weights: (L, W), of the words of each label; scaled to sum to 1.
    """
    shares = np.asarray(weights, dtype=np.float64)
    return shares / shares.sum(axis=1, keepdims=True) @ np.asarray(embeddings, dtype=np.float64)


@dataclass(frozen=True)
class _Problem:
    """The regression in the space that the n states span, of at most n dimensions.

    The penalty keeps v - v⁰ inside it: what no state can see stays at the start.
    """

    reduced: FloatArray
    basis: FloatArray
    labels: IntArray
    n_labels: int
    start: FloatArray

    @classmethod
    def of(cls, states: FloatArray, labels: IntArray, n_labels: int, start: FloatArray) -> _Problem:
        left, sizes, basis = np.linalg.svd(states, full_matrices=False)
        kept = sizes > 1e-9 * sizes.max(initial=1e-300)
        return cls(left[:, kept] * sizes[kept], basis[kept], labels, n_labels, start)

    def solve(self, penalty: float, chosen: IntArray | None = None) -> tuple[FloatArray, FloatArray]:
        """Weights (L, d) and bias (L,), fitted on the chosen texts."""
        at = np.arange(len(self.labels)) if chosen is None else chosen
        begin = self.start @ self.basis.T
        weights, bias = fit_logistic(self.reduced[at], self.labels[at], self.n_labels, penalty, begin)
        return self.start + (weights - begin) @ self.basis, bias

    def held_out(self, folds: IntArray, penalty: float) -> FloatArray:
        found = np.empty((len(self.labels), self.n_labels))
        for fold in range(folds.max() + 1):
            inside = folds == fold
            fitted_on = np.flatnonzero(~inside) if folds.max() else np.arange(len(folds))
            weights, bias = self.solve(penalty, fitted_on)
            found[inside] = log_softmax(self.reduced[inside] @ (self.basis @ weights.T) + bias)
        return found
