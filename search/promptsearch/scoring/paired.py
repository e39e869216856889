"""Paired tests on per-example differences, many pairs at a time. Arrays only.

A difference is what one system scores on an example minus what another scores on the same example. The
null hypothesis of "less" is that the first system is no worse, of "greater" that it is no better.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from promptsearch.scoring.logspace import FloatArray

Alternative = Literal["less", "greater", "two-sided"]

# Up to here all sign patterns are counted (2**14 sums a row take about a tenth of a millisecond).
ENUMERATED = 14
FLIPS = 2000
_FEWEST_HITS = 20
# Equal sums taken in another order differ in their last bits; without slack the observed one misses itself.
_SLACK = 1e-9
_NEWTON_STEPS = 60
_CENTRE = 1e-3  # in standard deviations; nearer to the mean the formula is a difference of huge terms


def sign_test(wins: ArrayLike, losses: ArrayLike, alternative: Alternative = "two-sided") -> FloatArray:
    """Exact sign test from counts: given wins + losses, either direction is a fair coin.

    On correct and wrong answers this is McNemar's test with the binomial in place of the normal
    (McNemar 1947); two-sided it equals `mcnemar`. Examples on which both agree do not count.

    Args:
        wins, losses: (...) integers, examples that only the first (only the second) system has right.

    Returns:
        (...) p-values, 1 where there are neither wins nor losses.
    """
    won, lost = np.broadcast_arrays(np.asarray(wins, dtype=np.int64), np.asarray(losses, dtype=np.int64))
    if (won < 0).any() or (lost < 0).any():
        raise ValueError("wins and losses are counts")
    return _sided(_binomial_tail(won, lost), _binomial_tail(lost, won), alternative)


def sign_flip(
    differences: ArrayLike, alternative: Alternative = "two-sided", *, flips: int = FLIPS, seed: int = 0
) -> FloatArray:
    """Sign-flip (paired randomisation) test of the mean difference (Fisher 1935; Pitman 1937).

    Under the null hypothesis a difference is as likely to have either sign; the p-value is the share of
    all 2**n sign patterns whose sum is at least as extreme. Zero differences change nothing. With up to
    14 others every pattern is counted. With more, patterns are drawn and counted as
    (hits + 1) / (flips + 1) (Phipson and Smyth 2010); a tail that fewer than 20 of them reach is the
    saddlepoint approximation of Lugannani and Rice (1980) with cumulant function sum(log cosh(t * d))
    (Robinson 1982), whose error is relative to the tail, so that levels are reached which flips cannot
    reach.

    Args:
        differences: (..., n), finite.
        flips: how many patterns are drawn; 0 to use the approximation only.
        seed: of the flips, the same for all rows.

    Returns:
        (...) p-values, 1 where every difference is zero.

    Raises:
        ValueError: a difference is NaN or infinite.
    """
    rows = np.asarray(differences, dtype=np.float64)
    if not np.isfinite(rows).all():
        raise ValueError("differences must be finite")
    flat = rows.reshape(-1, rows.shape[-1])
    drawn = _drawn_tails(flat, flips, seed)
    tails = np.array([_tails(row[row != 0], 0.0, pair) for row, pair in zip(flat, drawn)]).reshape(-1, 2)
    lower, upper = tails.T.reshape(2, *rows.shape[:-1])
    return _sided(lower, upper, alternative)


def wilcoxon(differences: ArrayLike, alternative: Alternative = "two-sided") -> FloatArray:
    """Wilcoxon's signed-rank test (Wilcoxon 1945): the sign-flip test on the signed ranks of |difference|.

    Zero differences are left out before ranking, equal ones share their mean rank. Exact with up to 14
    differences that are not zero, ties or not; with more, the saddlepoint approximation with the
    continuity correction of Daniels (1987).

    Args:
        differences: (..., n), finite.

    Raises:
        ValueError: a difference is NaN or infinite.
    """
    rows = np.asarray(differences, dtype=np.float64)
    if not np.isfinite(rows).all():
        raise ValueError("differences must be finite")
    tails = []
    for row in rows.reshape(-1, rows.shape[-1]):
        ranked = _signed_ranks(row[row != 0])
        # A flipped sign moves the sum by twice a rank, and mean ranks of ties may be halves.
        spacing = 2.0 if (ranked == np.floor(ranked)).all() else 1.0
        tails.append(_tails(ranked, spacing, None))
    lower, upper = np.array(tails).reshape(-1, 2).T.reshape(2, *rows.shape[:-1])
    return _sided(lower, upper, alternative)


def _sided(lower: FloatArray, upper: FloatArray, alternative: Alternative) -> FloatArray:
    if alternative == "less":
        return lower
    if alternative == "greater":
        return upper
    if alternative == "two-sided":
        return np.minimum(1.0, 2 * np.minimum(lower, upper))
    raise ValueError(f"no alternative {alternative!r}")


def _binomial_tail(few: np.ndarray, others: np.ndarray) -> FloatArray:
    """P(X <= few) for X ~ Binomial(few + others, 1/2)."""
    n = few + others
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n.max(initial=0) + 1)))])
    heads = np.arange(few.max(initial=0) + 1)
    rest = n[..., np.newaxis] - heads
    log_ways = log_factorial[n][..., np.newaxis] - log_factorial[heads] - log_factorial[np.maximum(rest, 0)]
    log_share = np.where(heads <= few[..., np.newaxis], log_ways - n[..., np.newaxis] * np.log(2), -np.inf)
    return np.minimum(1.0, np.exp(log_share).sum(axis=-1))


def _drawn_tails(rows: FloatArray, flips: int, seed: int) -> list[tuple[float, float] | None]:
    """Lower and upper tail of each row by drawn flips; NaN where too few reach it."""
    if flips == 0 or not ((rows != 0).sum(axis=1) > ENUMERATED).any():
        return [None] * len(rows)
    signs = np.random.default_rng(seed).integers(0, 2, (flips, rows.shape[1]), dtype=np.int8) * 2.0 - 1.0
    sizes, totals = np.abs(rows), rows.sum(axis=1)
    sums, slack = signs @ sizes.T, _SLACK * sizes.sum(axis=1)
    hits = np.stack([(sums <= totals + slack).sum(axis=0), (sums >= totals - slack).sum(axis=0)], axis=1)
    shares = np.where(hits < _FEWEST_HITS, np.nan, (hits + 1) / (flips + 1))
    return [(float(low), float(high)) for low, high in shares]


def _tails(differences: FloatArray, spacing: float, drawn: tuple[float, float] | None) -> tuple[float, float]:
    """P(S <= s) and P(S >= s) for the sum S of randomly signed differences and its observed value s.

    Args:
        differences: without zeros.
        spacing: distance between neighbouring values of S where they are evenly spaced, else 0.
        drawn: both tails by drawn flips, NaN where these do not reach.
    """
    if len(differences) == 0:
        return 1.0, 1.0
    # In units of the largest difference, so that neither sums nor exponentials depend on the scale.
    scale = np.abs(differences).max()
    sizes, total = np.abs(differences) / scale, float((differences / scale).sum())
    if len(sizes) <= ENUMERATED:
        return _counted(sizes, -total), _counted(sizes, total)
    low, high = drawn or (math.nan, math.nan)
    return (
        _saddlepoint(sizes, -total, spacing / scale) if math.isnan(low) else low,
        _saddlepoint(sizes, total, spacing / scale) if math.isnan(high) else high,
    )


def _counted(sizes: FloatArray, total: float) -> float:
    sums = np.zeros(1)
    for size in sizes:
        sums = np.concatenate([sums + size, sums - size])
    return float((sums >= total - _SLACK * sizes.sum()).mean())


def _saddlepoint(sizes: FloatArray, total: float, spacing: float) -> float:
    """P(S >= total), by Lugannani and Rice's formula; the values of S lie `spacing` apart if that is > 0."""
    target = total - spacing / 2
    if target < 0:
        return 1.0 - _saddlepoint(sizes, spacing - total, spacing)
    if total >= sizes.sum() * (1 - 1e-12):
        return 2.0 ** -len(sizes)
    deviation = float(np.sqrt((sizes**2).sum()))
    if target <= _CENTRE * deviation:
        return _normal_tail(target / deviation)
    point = _solve(sizes, target)
    # log cosh(x) = x + log1p(exp(-2x)) - log 2 for x >= 0, without overflow
    cumulant = float((point * sizes + np.log1p(np.exp(-2 * point * sizes)) - math.log(2)).sum())
    root = math.sqrt(2 * (point * target - cumulant))
    curvature = math.sqrt(float((sizes**2 / np.cosh(np.minimum(point * sizes, 300.0)) ** 2).sum()))
    step = 2 / spacing * math.sinh(min(point * spacing / 2, 300.0)) if spacing else point
    density = math.exp(-(root**2) / 2) / math.sqrt(2 * math.pi)
    return min(1.0, max(0.0, _normal_tail(root) + density * (1 / (step * curvature) - 1 / root)))


def _solve(sizes: FloatArray, target: float) -> float:
    """The t > 0 at which sum(d * tanh(t * d)) equals `target`, by Newton's method kept in a bracket."""
    low, high = 0.0, 1.0
    while (sizes * np.tanh(high * sizes)).sum() < target and high < 1e12:
        low, high = high, 2 * high
    point = (low + high) / 2
    for _ in range(_NEWTON_STEPS):
        tanh = np.tanh(point * sizes)
        gap = float((sizes * tanh).sum() - target)
        low, high = (low, point) if gap > 0 else (point, high)
        slope = float((sizes**2 * (1 - tanh**2)).sum())
        following = point - gap / slope if slope > 0 else low
        following = following if low < following < high else (low + high) / 2
        if abs(following - point) <= 1e-12 * point:
            break
        point = following
    return point


def _normal_tail(z: float) -> float:
    return math.erfc(z / math.sqrt(2)) / 2


def _signed_ranks(differences: FloatArray) -> FloatArray:
    """Signs times ranks of the sizes, equal ones sharing their mean rank; without zeros."""
    _, group, counts = np.unique(np.abs(differences), return_inverse=True, return_counts=True)
    return np.sign(differences) * (np.cumsum(counts) - (counts - 1) / 2)[group]
