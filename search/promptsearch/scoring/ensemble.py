"""Ensembles of prompts: weighted sums of their label log-probabilities (Jiang et al. 2020, section 4.3).

    p(y | x)  ∝  exp( Σ_t w_t log p_t(y | x) ),        w_t >= 0,  Σ_t w_t = 1

The paper has two kinds: equal weights for the best templates by rank, and weights softmax(θ) that maximise
the probability of the right answers on train. The mean log-likelihood is concave in w itself (a linear term
minus log-sum-exps of linear ones), so that the weights have one optimum, which is found here by Newton steps
on the simplex, without a learning rate or a number of epochs.

A prompt that cannot score an example (a row that holds NaN) has no opinion on it: all labels alike. A label
that one prompt rules out (-inf) has probability 1e-30 there, or the lowest of the row where that is lower, so
that a single prompt does not overrule all others for ever.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promptsearch.scoring.logspace import FloatArray, log_softmax, log_sum_exp

STRENGTH = 1.0
"""Default pull to equal weights, see `fit_weights`."""

_RULED_OUT = -30 * np.log(10.0)
_GAP = 1e-8  # nats an example that the optimum may still be above what is found
_NEWTON_STEPS = 100
_INNER_STEPS = 2000
_SLOPE = 1e-4  # share of the promised gain with which a step is content
_HALVINGS = 40

# Value, gradient (T,) and Hessian (T, T) of the mean log-likelihood.
_Expansion: TypeAlias = tuple[float, FloatArray, FloatArray]


def uniform(n_members: int) -> FloatArray:
    """Equal weights (T,): the paper's rank-based ensemble, for the best T templates.

    Raises:
        ValueError: there are no members.
    """
    if n_members < 1:
        raise ValueError("an ensemble needs at least one member")
    return np.full(n_members, 1 / n_members)


def combine(log_probs: ArrayLike, weights: ArrayLike) -> FloatArray:
    """Label log-probabilities of an ensemble: (T, n, L) of its members -> (n, L), normalised over labels.

    Members of weight 0 are not looked at. A row that no other member can score is NaN; a label that all of
    them rule out, where they can score the row, is -inf.

    Args:
        weights: (T,) on the simplex, see `check_weights`.

    Raises:
        ValueError: shapes that do not fit, or weights that are none.
    """
    members, shares = _stacked(log_probs), check_weights(weights)
    if len(shares) != len(members):
        raise ValueError(f"{len(shares)} weights for {len(members)} members")
    total = np.zeros(members.shape[1:])
    unscored = np.ones((members.shape[1], 1), dtype=bool)
    impossible = np.ones(members.shape[1:], dtype=bool)
    for share, scores in zip(shares, members):
        if share == 0:
            continue
        rows = log_softmax(scores)
        silent = np.isnan(rows).any(axis=-1, keepdims=True)
        unscored &= silent
        impossible &= silent | (rows == -np.inf)
        total += share * _bounded(rows)
    return log_softmax(np.where(unscored, np.nan, np.where(impossible, -np.inf, total)))


def fit_weights(log_probs: ArrayLike, gold: ArrayLike, strength: float = STRENGTH) -> FloatArray:
    """Weights (T,) under which an ensemble gives the gold labels the highest likelihood.

    They maximise

        1/n Σ_i log p(gold_i | x_i)  -  strength/n · KL(w ‖ uniform),

    which is concave. At strength s, all weight on one of T members has to be worth s·log T nats over the
    examples together, which matters less the more examples there are. Examples that no member can score do
    not count. Two runs give the same weights, and members in another order the same ones in that order.

    Args:
        log_probs: (T, n, L) label log-probabilities of each member.
        gold: (n,) label indices.
        strength: at least 0; 0 is no pull, as in the paper.

    Raises:
        ValueError: shapes that do not fit, labels out of range, or a strength below 0 or not finite.
    """
    if not (np.isfinite(strength) and strength >= 0):
        raise ValueError(f"the strength must be at least 0, not {strength}")
    margins = margins_of(log_probs, gold)
    weights = uniform(len(margins))
    if len(margins) == 1 or not margins.shape[1]:
        return weights
    return _maximise(margins, weights, strength / margins.shape[1])


def check_weights(weights: ArrayLike) -> FloatArray:
    """The weights as an array.

    Raises:
        ValueError: there are none, one is negative or not finite, or they do not sum to 1 (within 1e-6).
    """
    shares = np.asarray(weights, dtype=np.float64)
    if shares.ndim != 1 or not len(shares):
        raise ValueError(f"weights must be a list of at least one number, not of shape {shares.shape}")
    if not (np.isfinite(shares).all() and (shares >= 0).all()):
        raise ValueError("weights must be finite and not negative")
    if abs(shares.sum() - 1) > 1e-6:
        raise ValueError(f"weights must sum to 1, not to {shares.sum():.6g}")
    return shares


def _stacked(log_probs: ArrayLike) -> NDArray[np.floating]:
    members = np.asarray(log_probs)
    if members.ndim != 3 or not len(members) or not members.shape[2]:
        raise ValueError(f"expected log-probabilities (members, examples, labels), got {members.shape}")
    return members


def _bounded(rows: FloatArray) -> FloatArray:
    """Normalised rows (n, L) without what cannot be summed: NaN rows become 0, -inf very improbable."""
    lowest = np.where(np.isfinite(rows), rows, 0.0).min(axis=-1, keepdims=True)
    bounded = np.where(rows == -np.inf, np.minimum(lowest, _RULED_OUT), rows)
    return np.where(np.isnan(rows).any(axis=-1, keepdims=True), 0.0, bounded)


def margins_of(log_probs: ArrayLike, gold: ArrayLike) -> FloatArray:
    """(T, m, L): log-probability of each label less that of the gold one, where any member can score.

    Args:
        log_probs: (T, n, L) label log-probabilities of each member.
        gold: (n,) label indices.

    Raises:
        ValueError: shapes that do not fit, or labels out of range.
    """
    members, labels = _stacked(log_probs), np.asarray(gold)
    if labels.shape != (members.shape[1],):
        raise ValueError(f"gold labels of shape {labels.shape} for {members.shape[1]} examples")
    if len(labels) and not ((labels >= 0) & (labels < members.shape[2])).all():
        raise ValueError(f"gold labels must be between 0 and {members.shape[2] - 1}")
    labels = labels.astype(np.int64)
    found = np.empty(members.shape)
    scored = np.zeros(members.shape[1], dtype=bool)
    for scores, margins in zip(members, found):
        rows = log_softmax(scores)
        scored |= ~np.isnan(rows).any(axis=-1)
        bounded = _bounded(rows)
        np.subtract(bounded, np.take_along_axis(bounded, labels[:, None], axis=-1), out=margins)
    return found if scored.all() else found[:, scored]


def _maximise(margins: FloatArray, weights: FloatArray, pull: float) -> FloatArray:
    """Newton steps with a line search: the objective rises from step to step."""
    for _ in range(_NEWTON_STEPS):
        value, gradient, hessian = _expansion(margins, weights)
        if _gap(gradient, weights, pull) < _GAP:
            break
        direction = _newton_point(gradient, hessian, weights, pull) - weights
        gain = gradient @ direction - pull * (_kl(weights + direction) - _kl(weights))
        before = value - pull * _kl(weights)
        for halving in range(_HALVINGS):
            step = 0.5**halving
            ahead = weights + step * direction
            if _likelihood(margins, ahead) - pull * _kl(ahead) >= before + _SLOPE * step * gain:
                break
        else:
            break  # no more than rounding is left to gain
        weights = ahead
    return weights / weights.sum()


def _likelihood(margins: FloatArray, weights: FloatArray) -> float:
    return float(-log_sum_exp(np.tensordot(weights, margins, axes=1)).mean())


def _expansion(margins: FloatArray, weights: FloatArray) -> _Expansion:
    """The mean log-likelihood around `weights`; its Hessian is minus the mean covariance of the margins."""
    n_members, n, _ = margins.shape
    scores = np.tensordot(weights, margins, axes=1)
    total = log_sum_exp(scores)
    shares = np.exp(scores - total[:, None])
    means = np.einsum("tnl,nl->tn", margins, shares)
    spread = ((margins - means[..., None]) * np.sqrt(shares)).reshape(n_members, -1)
    return float(-total.mean()), -means.mean(axis=1), -(spread @ spread.T) / n


def _newton_point(gradient: FloatArray, hessian: FloatArray, weights: FloatArray, pull: float) -> FloatArray:
    """Maximum on the simplex of the quadratic model less pull · KL(v ‖ uniform).

    By exponentiated gradient steps; a quadratic form on the simplex is smooth relative to the entropy by its
    largest entry, so that this step length needs no search (Bauschke, Bolte and Teboulle 2017).
    """
    rate = 1 / max(float(np.abs(hessian).max()), 1e-12)
    point = weights
    logs = np.log(np.maximum(weights, 1e-300))
    for _ in range(_INNER_STEPS):
        logs = (logs + rate * (gradient + hessian @ (point - weights))) / (1 + rate * pull)
        logs = np.maximum(logs - log_sum_exp(logs), -600.0)
        following = np.exp(logs)
        moved = np.abs(following - point).sum()
        point = following
        if moved < 1e-12:
            break
    return point / point.sum()


def _kl(weights: FloatArray) -> float:
    """KL(w ‖ uniform) in nats."""
    return float((weights * np.log(np.maximum(weights * len(weights), 1e-300))).sum())


def _gap(gradient: FloatArray, weights: FloatArray, pull: float) -> float:
    """How much higher the optimum can be at most: that of the tangent plane less the pull (Jaggi 2013)."""
    if pull == 0:
        return float(gradient.max() - gradient @ weights)
    best = pull * (float(log_sum_exp(gradient / pull)) - np.log(len(weights)))
    return best - float(gradient @ weights) + pull * _kl(weights)
