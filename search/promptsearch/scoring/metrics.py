"""Metrics on predictions and gold labels.

Labels are indices 0..L-1. A prediction of -1 means "could not be scored": it is wrong, has a column of
its own in the confusion matrix and is never a class. Metrics read confusion counts of shape
(..., L, L + 1) (gold × predicted, last column unscored), so that a bootstrap can feed thousands at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promptsearch.errors import OptionError, near_matches
from promptsearch.scoring.logspace import FloatArray

IntArray = NDArray[np.int64]
UNSCORED = -1
ECE_BINS = 15


def predict(label_log_probs: ArrayLike) -> IntArray:
    """The most probable label of each row of (n, L), the first where several are equal.

    Rows that hold NaN, or in which no label is possible, give -1.
    """
    rows = np.asarray(label_log_probs, dtype=np.float64)
    unreadable = np.isnan(rows).any(axis=-1) | (rows == -np.inf).all(axis=-1)
    return np.where(unreadable, UNSCORED, rows.argmax(axis=-1)).astype(np.int64)


def confusion_matrix(predictions: ArrayLike, gold: ArrayLike, n_labels: int | None = None) -> IntArray:
    """Counts (L, L + 1): gold × predicted, the last column for what could not be scored.

    Args:
        n_labels: L; left out, the largest index that occurs decides. Classes that never occur change no
            metric.
    """
    predicted, true = as_labels(predictions, gold, n_labels)
    labels = n_labels or 1 + max(int(predicted.max(initial=0)), int(true.max(initial=0)))
    cells = cell_of(predicted, true, labels)
    return np.bincount(cells, minlength=labels * (labels + 1)).reshape(labels, labels + 1)


def as_labels(predictions: ArrayLike, gold: ArrayLike, n_labels: int | None) -> tuple[IntArray, IntArray]:
    """Both as index arrays.

    Raises:
        ValueError: lengths differ, gold labels below 0, predictions below -1, or either beyond L - 1.
    """
    predicted, true = np.asarray(predictions, dtype=np.int64), np.asarray(gold, dtype=np.int64)
    if predicted.shape != true.shape or true.ndim != 1:
        raise ValueError(f"{predicted.shape} predictions for {true.shape} gold labels")
    highest = np.inf if n_labels is None else n_labels - 1
    if ((true < 0) | (true > highest)).any():
        raise ValueError(f"gold labels must be between 0 and {highest}")
    if ((predicted < UNSCORED) | (predicted > highest)).any():
        raise ValueError(f"predictions must be between {UNSCORED} and {highest}")
    return predicted, true


def cell_of(predicted: IntArray, true: IntArray, n_labels: int) -> IntArray:
    """Flat index of each (gold, predicted) pair in a confusion matrix."""
    return true * (n_labels + 1) + np.where(predicted == UNSCORED, n_labels, predicted)


def accuracy(confusion: ArrayLike) -> FloatArray:
    """Share of correct predictions; unscored ones are wrong."""
    counts = np.asarray(confusion)
    return _ratio(_correct(counts).sum(axis=-1), counts.sum(axis=(-2, -1)))


def macro_f1(confusion: ArrayLike) -> FloatArray:
    """Mean of F1 over the classes that occur as gold label or as prediction.

    A class that occurs in neither has no F1 and is left out of the mean.
    """
    counts = np.asarray(confusion)
    involved = counts.sum(axis=-1) + counts[..., :-1].sum(axis=-2)
    return _ratio(_ratio(2 * _correct(counts), involved).sum(axis=-1), (involved > 0).sum(axis=-1))


def micro_f1(confusion: ArrayLike) -> FloatArray:
    """F1 over pooled counts. Equal to accuracy where everything could be scored."""
    counts = np.asarray(confusion)
    involved = counts.sum(axis=(-2, -1)) + counts[..., :-1].sum(axis=(-2, -1))
    return _ratio(2 * _correct(counts).sum(axis=-1), involved)


def mcc(confusion: ArrayLike) -> FloatArray:
    """Matthews correlation for any number of classes (Gorodkin 2004), in [-1, 1].

    0 where predictions or gold labels are constant. Unscored counts as one more predicted class, which
    is never the gold one: failing on a text costs less than a wrong class does, so read it beside the
    share of unscored texts.
    """
    counts = np.asarray(confusion, dtype=np.float64)
    n = counts.sum(axis=(-2, -1))
    gold, predicted = counts.sum(axis=-1), counts.sum(axis=-2)
    covariance = _correct(counts).sum(axis=-1) * n - (gold * predicted[..., :-1]).sum(axis=-1)
    spread = (n**2 - (gold**2).sum(axis=-1)) * (n**2 - (predicted**2).sum(axis=-1))
    return _ratio(covariance, np.sqrt(spread))


METRICS: Mapping[str, Callable[[ArrayLike], FloatArray]] = MappingProxyType(
    {"accuracy": accuracy, "macro-f1": macro_f1, "mcc": mcc}
)


def metric_named(name: str) -> Callable[[ArrayLike], FloatArray]:
    """The metric of that name, a function of confusion counts.

    Raises:
        OptionError: naming the nearest one.
    """
    if name not in METRICS:
        near = near_matches(name, METRICS)
        meant = f"Did you mean {near[0]!r}? " if near else ""
        raise OptionError(f"there is no metric {name!r}", hint=f"{meant}Metrics: {', '.join(METRICS)}.")
    return METRICS[name]


def log_likelihood(label_log_probs: ArrayLike, gold: ArrayLike) -> float:
    """Mean log-probability of the gold label, in nats, over the rows of (n, L) that could be scored.

    NaN where none could; -inf where a gold label was given probability zero.
    """
    rows, true = np.asarray(label_log_probs, dtype=np.float64), np.asarray(gold, dtype=np.int64)
    scored = predict(rows) != UNSCORED
    return float(rows[scored, true[scored]].mean()) if scored.any() else float("nan")


def expected_calibration_error(label_log_probs: ArrayLike, gold: ArrayLike, bins: int = ECE_BINS) -> float:
    """Mean gap between confidence and accuracy over equal-width bins (lo, hi] (Guo et al. 2017).

    Confidence is the probability of the predicted label. Rows that could not be scored are left out;
    NaN where none could.
    """
    rows, true = np.asarray(label_log_probs, dtype=np.float64), np.asarray(gold, dtype=np.int64)
    predictions = predict(rows)
    scored = predictions != UNSCORED
    if not scored.any():
        return float("nan")
    confidence = np.exp(rows[scored].max(axis=-1))
    correct = predictions[scored] == true[scored]
    bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(bin_of, weights=correct - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / scored.sum())


def majority_baseline(gold: ArrayLike, metric: str = "accuracy", *, seen: ArrayLike | None = None) -> float:
    """What always answering the most frequent label scores on `gold`.

    Args:
        seen: labels among which the most frequent one is sought (the training split); `gold` itself
            where left out. The smaller index wins where several are equally frequent.
    """
    true = np.asarray(gold, dtype=np.int64)
    most_frequent = np.bincount(true if seen is None else np.asarray(seen, dtype=np.int64)).argmax()
    return float(metric_named(metric)(confusion_matrix(np.full_like(true, most_frequent), true)))


def _correct(counts: NDArray) -> NDArray:
    return np.diagonal(counts[..., :-1], axis1=-2, axis2=-1)


def _ratio(numerator: NDArray, denominator: NDArray) -> FloatArray:
    """Quotient, 0 where the denominator is."""
    out = np.zeros(np.broadcast_shapes(np.shape(numerator), np.shape(denominator)))
    return np.divide(numerator, denominator, out=out, where=np.asarray(denominator) != 0)
