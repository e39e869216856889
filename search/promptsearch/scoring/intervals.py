"""Intervals and paired tests for metrics.

The bootstraps resample counts, not rows: n rows drawn with replacement have multinomial counts over the
distinct (gold, prediction) cells, so the cost does not grow with n.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from promptsearch.errors import OptionError
from promptsearch.scoring.logspace import FloatArray
from promptsearch.scoring.metrics import IntArray, as_labels, cell_of, metric_named

RESAMPLES = 2000
_CHUNK_CELLS = 4_000_000


class Interval(NamedTuple):
    """Lower and upper end."""

    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """Metric of system a minus that of system b on the same examples.

    Attributes:
        low, high: percentile interval of the paired bootstrap.
        p_value: two-sided, for "no difference".
    """

    value: float
    low: float
    high: float
    p_value: float


def wilson(successes: int, n: int, level: float = 0.95) -> Interval:
    """Wilson score interval of a proportion (Wilson 1927), without continuity correction.

    (0, 1) where n is 0.
    """
    _check_level(level)
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes in {n} trials")
    if n == 0:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = successes / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    # At 0 and n the ends are 0 and 1 exactly; rounding must not leave the observed share outside.
    return Interval(0.0 if successes == 0 else centre - half, 1.0 if successes == n else centre + half)


def bootstrap_interval(
    predictions: ArrayLike,
    gold: ArrayLike,
    metric: str,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap interval of a metric (Efron and Tibshirani 1993)."""
    predicted, true = as_labels(predictions, gold, None)
    labels = _n_labels(predicted, true)
    counts = np.bincount(cell_of(predicted, true, labels), minlength=labels * (labels + 1))
    return interval_of_confusion(
        counts.reshape(labels, labels + 1), metric, level=level, resamples=resamples, seed=seed
    )


def interval_of_confusion(
    confusion: ArrayLike, metric: str, *, level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """`bootstrap_interval` from confusion counts (L, L + 1), which are all it needs."""
    _check_level(level)
    counts = np.asarray(confusion)
    labels = counts.shape[0]
    cells = np.flatnonzero(counts)
    measure = metric_named(metric)
    draws = _draws(counts.ravel()[cells], resamples, labels * (labels + 1), seed)
    values = np.concatenate([measure(_confusions(drawn, cells, labels)) for drawn in draws])
    return percentiles(values, level)


def paired_difference(
    predictions_a: ArrayLike,
    predictions_b: ArrayLike,
    gold: ArrayLike,
    metric: str = "accuracy",
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Difference:
    """Paired bootstrap for the difference of two systems' metric on the same examples.

    Examples are resampled together with both predictions. The p-value inverts the percentile interval:
    twice the smaller tail of the resampled differences beyond 0, each tail counted as
    (hits + 1) / (resamples + 1) so that it is never 0.
    """
    _check_level(level)
    a, true = as_labels(predictions_a, gold, None)
    b, _ = as_labels(predictions_b, gold, None)
    labels = _n_labels(a, b, true)
    pairs, counts = np.unique(
        np.stack([cell_of(a, true, labels), cell_of(b, true, labels)]), axis=1, return_counts=True
    )
    measure = metric_named(metric)

    def differences(drawn: IntArray) -> FloatArray:
        return measure(_confusions(drawn, pairs[0], labels)) - measure(_confusions(drawn, pairs[1], labels))

    draws = _draws(counts, resamples, labels * (labels + 1), seed)
    resampled = np.concatenate([differences(drawn) for drawn in draws])
    return Difference(
        float(differences(counts[np.newaxis])[0]),
        *percentiles(resampled, level),
        p_value=bootstrap_p_value(resampled),
    )


def told_apart(
    predictions_a: ArrayLike, predictions_b: ArrayLike, gold: ArrayLike, metric: str = "accuracy"
) -> Difference:
    """`paired_difference`; for accuracy with the exact test's p-value, which holds on few examples too."""
    found = paired_difference(predictions_a, predictions_b, gold, metric)
    if metric != "accuracy":
        return found
    true = np.asarray(gold)
    p_value = mcnemar(np.asarray(predictions_a) == true, np.asarray(predictions_b) == true)
    return replace(found, p_value=p_value)


def mcnemar(correct_a: ArrayLike, correct_b: ArrayLike) -> float:
    """Exact two-sided McNemar test: p-value for equal accuracy of two systems on the same examples.

    Only examples that one system has right and the other wrong count; given their number, either
    direction is a fair coin (McNemar 1947, with the binomial in place of the normal). 1 where there are
    none.
    """
    a, b = np.asarray(correct_a, dtype=bool), np.asarray(correct_b, dtype=bool)
    if a.shape != b.shape:
        raise ValueError(f"systems judged on {a.shape} and {b.shape} examples")
    only_a, only_b = int((a & ~b).sum()), int((~a & b).sum())
    n = only_a + only_b
    ways = tail = 1
    for k in range(min(only_a, only_b)):
        ways = ways * (n - k) // (k + 1)  # C(n, k + 1) from C(n, k): far cheaper than each from scratch
        tail += ways
    return min(1.0, 2 * tail / 2**n)


def percentiles(resampled: FloatArray, level: float) -> Interval:
    """Ends of the percentile interval of resampled values (r,)."""
    low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def bootstrap_p_value(resampled: FloatArray) -> float:
    """For "no difference", from resampled differences (r,), as `paired_difference` says."""
    tail = min((resampled <= 0).sum(), (resampled >= 0).sum())
    return min(1.0, 2 * (int(tail) + 1) / (len(resampled) + 1))


def _n_labels(*labels: IntArray) -> int:
    return 1 + max(int(array.max(initial=0)) for array in labels)


def _draws(counts: IntArray, resamples: int, cells: int, seed: int) -> Iterator[IntArray]:
    """Multinomial resamples of `counts`, in chunks whose confusion matrices fit in memory."""
    n = int(counts.sum())
    if n == 0:
        raise ValueError("a bootstrap needs at least one example")
    generator = np.random.default_rng(seed)
    chunk = max(1, _CHUNK_CELLS // cells)
    for start in range(0, resamples, chunk):
        yield generator.multinomial(n, counts / n, size=min(chunk, resamples - start))


def _confusions(drawn: IntArray, cells: IntArray, labels: int) -> IntArray:
    """Confusion matrices (r, L, L + 1) from counts (r, k), whose k columns belong to flat `cells`."""
    order = np.argsort(cells, kind="stable")
    distinct, starts = np.unique(cells[order], return_index=True)
    matrices = np.zeros((len(drawn), labels * (labels + 1)), dtype=np.int64)
    matrices[:, distinct] = np.add.reduceat(drawn[:, order], starts, axis=1)
    return matrices.reshape(-1, labels, labels + 1)


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise OptionError(f"a confidence level lies between 0 and 1, not {level}", hint="For example 0.95.")
