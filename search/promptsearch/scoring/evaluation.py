"""Everything that is reported about one prompt on one set of labelled examples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from promptsearch.scoring.intervals import Interval, interval_of_confusion, wilson
from promptsearch.scoring.metrics import (
    UNSCORED,
    accuracy,
    confusion_matrix,
    expected_calibration_error,
    log_likelihood,
    macro_f1,
    mcc,
    metric_named,
    predict,
)


@dataclass(frozen=True)
class Evaluation:
    """Figures of one prompt on n examples.

    Attributes:
        n: number of examples, those that could not be scored included.
        accuracy: share of correct predictions; what could not be scored is wrong.
        accuracy_interval: Wilson interval at `level`.
        macro_f1: mean F1 over the classes that occur as gold label or prediction.
        mcc: Matthews correlation, in [-1, 1].
        log_likelihood: mean log-probability of the gold label in nats, over what could be scored.
        ece: expected calibration error, 15 bins, over what could be scored.
        unscored: share of examples that could not be scored.
        constant: whether all predictions are of one class though the gold labels are not.
        confusion: counts, gold × predicted; the last column is what could not be scored.
        level: confidence level of the intervals.
    """

    n: int
    accuracy: float
    accuracy_interval: Interval
    macro_f1: float
    mcc: float
    log_likelihood: float
    ece: float
    unscored: float
    constant: bool
    confusion: tuple[tuple[int, ...], ...]
    level: float = 0.95

    @property
    def never_predicted(self) -> tuple[int, ...]:
        """Classes that occur as gold label but never as prediction."""
        counts = np.array(self.confusion)
        return tuple(np.flatnonzero((counts.sum(axis=1) > 0) & (counts[:, :-1].sum(axis=0) == 0)).tolist())

    def value(self, metric: str) -> float:
        """The metric of that name.

        Raises:
            OptionError: no such metric.
        """
        return float(metric_named(metric)(self.confusion))

    def interval(self, metric: str) -> Interval:
        """Interval of that metric at `level`: Wilson for accuracy, else a seeded bootstrap.

        Raises:
            OptionError: no such metric.
        """
        if metric == "accuracy":
            return self.accuracy_interval
        return interval_of_confusion(self.confusion, metric, level=self.level)


def evaluate(label_log_probs: ArrayLike, gold: ArrayLike, level: float = 0.95) -> Evaluation:
    """Compare normalised label log-probabilities (n, L) with gold label indices (n,).

    Raises:
        ValueError: no examples, shapes that do not fit, or labels out of range.
    """
    rows = np.asarray(label_log_probs, dtype=np.float64)
    if rows.ndim != 2 or len(rows) == 0:
        raise ValueError(f"expected label log-probabilities of shape (n, L) with n > 0, got {rows.shape}")
    predictions = predict(rows)
    counts = confusion_matrix(predictions, gold, rows.shape[1])
    correct = int(np.trace(counts[:, :-1]))
    return Evaluation(
        n=len(rows),
        accuracy=float(accuracy(counts)),
        accuracy_interval=wilson(correct, len(rows), level),
        macro_f1=float(macro_f1(counts)),
        mcc=float(mcc(counts)),
        log_likelihood=log_likelihood(rows, gold),
        ece=expected_calibration_error(rows, gold),
        unscored=float((predictions == UNSCORED).mean()),
        constant=_is_constant(counts),
        confusion=tuple(map(tuple, counts.tolist())),
        level=level,
    )


def _is_constant(counts: np.ndarray) -> bool:
    predicted_classes = (counts[:, :-1].sum(axis=0) > 0).sum()
    gold_classes = (counts.sum(axis=1) > 0).sum()
    return bool(predicted_classes == 1 and gold_classes > 1)
