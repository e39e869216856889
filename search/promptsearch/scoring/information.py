"""How much the predicted label tells about the text: mutual information, from label probabilities alone.

Sorensen et al. 2022 ("An Information-theoretic Approach to Prompt Engineering Without Ground Truth Labels",
section 3) choose the template whose answers share most information with the inputs:

    I(X; Y)  =  H(Y) - H(Y | X)  =  H(mean over x of p(y | x)) - mean over x of H(p(y | x))

It is high where answers differ between texts and each is given with confidence. It is of the model's answers,
not of the truth: a prompt may be sure, varied and wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from promptsearch.scoring.intervals import Difference, Interval, bootstrap_p_value, percentiles
from promptsearch.scoring.logspace import FloatArray

RESAMPLES = 1000


@dataclass(frozen=True)
class Information:
    """Mutual information of texts and predicted labels, in nats.

    Attributes:
        value: between 0 and log L.
        low, high: percentile interval of the bootstrap over texts, shifted by its bias, see `information`.
        marginal_entropy: of the mean distribution; log L where all labels are given equally often.
        conditional_entropy: mean over texts; 0 where every answer is certain.
        n: texts that could be scored.
        unscored: share of texts that could not be.
    """

    value: float
    low: float
    high: float
    marginal_entropy: float
    conditional_entropy: float
    n: int
    unscored: float

    @property
    def per_text(self) -> float:
        """The value over all texts, of which those that cannot be scored tell nothing."""
        return self.value * (1 - self.unscored)


def entropy(probabilities: ArrayLike) -> FloatArray:
    """Shannon entropy in nats over the last axis: (..., L) -> (...)."""
    shares = np.asarray(probabilities, dtype=np.float64)
    # x log x is 0 at 0.
    return np.abs(-(shares * np.log(np.where(shares > 0, shares, 1.0))).sum(axis=-1))


def mutual_information(probabilities: ArrayLike) -> float:
    """Mutual information, in nats, of texts and predicted labels: (n, L) rows that sum to 1 -> a number.

    Raises:
        ValueError: no rows, or rows that are no distributions.
    """
    rows = _checked(probabilities)
    # Jensen's inequality holds it above 0 and log L above it, but for rounding.
    difference = float(entropy(rows.mean(axis=0)) - entropy(rows).mean())
    return min(max(difference, 0.0), float(np.log(rows.shape[1])))


def information(
    label_log_probs: ArrayLike, level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> Information:
    """`mutual_information` of label log-probabilities (n, L) with a bootstrap interval over texts.

    Texts that could not be scored (NaN) are left out and counted. Every resample draws n texts with
    replacement; since H(Y) is concave, resamples have less information than the texts on average, and the
    percentiles are shifted by that difference (Efron and Tibshirani 1993, chapter 10).

    Raises:
        ValueError: no text could be scored.
    """
    log_probs = np.asarray(label_log_probs, dtype=np.float64)
    scored = ~np.isnan(log_probs).any(axis=1)
    rows = _checked(np.exp(log_probs[scored]))
    n, labels = rows.shape
    value = mutual_information(rows)
    drawn = _shifted(_drawn(rows, _shares(n, resamples, seed)), value)
    low, high = np.clip(percentiles(drawn, level), 0.0, np.log(labels)).tolist()
    return Information(
        value,
        *Interval(min(low, value), max(high, value)),
        marginal_entropy=float(entropy(rows.mean(axis=0))),
        conditional_entropy=float(entropy(rows).mean()),
        n=n,
        unscored=float((~scored).mean()),
    )


def information_gap(
    a: ArrayLike, b: ArrayLike, level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> Difference:
    """Mutual information under prompt a minus that under prompt b, from (n, L) label log-probabilities each.

    Both are resampled on the same texts, of which those count that both can score. The p-value is
    two-sided, for "no difference", see `intervals.paired_difference`.

    Raises:
        ValueError: there is no such text, or the texts differ in number.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if len(first) != len(second):
        raise ValueError(f"prompts judged on {len(first)} and {len(second)} texts")
    scored = ~(np.isnan(first).any(axis=1) | np.isnan(second).any(axis=1))
    rows = [_checked(np.exp(each[scored])) for each in (first, second)]
    shares = _shares(int(scored.sum()), resamples, seed)
    value = mutual_information(rows[0]) - mutual_information(rows[1])
    drawn = _shifted(_drawn(rows[0], shares) - _drawn(rows[1], shares), value)
    return Difference(value, *percentiles(drawn, level), p_value=bootstrap_p_value(drawn))


def _drawn(rows: FloatArray, shares: FloatArray) -> FloatArray:
    """Mutual information of resamples: (n, L) and (r, n) -> (r,)."""
    return entropy(shares @ rows) - shares @ entropy(rows)


@lru_cache(maxsize=8)
def _shares(n: int, resamples: int, seed: int) -> FloatArray:
    """Which share of each resample each text has: (resamples, n), the same for all prompts."""
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples) / n


def _shifted(drawn: FloatArray, value: float) -> FloatArray:
    """Resamples moved so that their mean is the value."""
    return drawn + value - drawn.mean()


def _checked(probabilities: ArrayLike) -> FloatArray:
    rows = np.asarray(probabilities, dtype=np.float64)
    if rows.ndim != 2 or not rows.size:
        raise ValueError(f"expected label probabilities of shape (n, L) with n > 0, got {rows.shape}")
    if (rows < 0).any() or not np.allclose(rows.sum(axis=1), 1.0, atol=1e-4):
        raise ValueError("label probabilities must be 0 or more and sum to 1 over labels")
    return rows
