"""What to try next: the group of candidates from which most is to be expected for its cost.

A group is what one engine offers for one PLM. What a further candidate of it will do on dev is taken to be
normal with the mean and spread of those tried so far, drawn towards those of all groups while they are few;
its worth is the expected improvement over the best so far (Jones, Schonlau and Welch 1998, equation 15), and
its turn comes by that worth per unit of cost, so that what pays off gets more of the time.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean
from typing import TypeVar

_NORMAL = NormalDist()
Key = TypeVar("Key", bound=Hashable)
# Figures and costs of all groups count as so many of a group's own.
_PRIOR = 2.0
# No group is ever written off for being all alike so far.
_LEAST_SPREAD = 0.01


@dataclass(frozen=True)
class Tried:
    """What a group has brought so far.

    Attributes:
        values: on dev, one a template.
        costs: what each took, in seconds or in work; see `TrialRecord`.
    """

    values: tuple[float, ...] = ()
    costs: tuple[float, ...] = ()


def expected_improvement(mean: float, spread: float, best: float) -> float:
    """Of a normal value over the best so far, never below 0."""
    if spread <= 0:
        return max(0.0, mean - best)
    z = (mean - best) / spread
    return (mean - best) * _NORMAL.cdf(z) + spread * _NORMAL.pdf(z)


def gain_per_cost(group: Tried, everything: Tried, best: float) -> float:
    """Expected improvement by one more candidate of a group, divided by what it will cost."""
    mean = _drawn(group.values, everything.values)
    squares = _drawn([(v - mean) ** 2 for v in group.values], [(v - mean) ** 2 for v in everything.values])
    spread = max(_LEAST_SPREAD, math.sqrt(squares))
    cost = _drawn(group.costs, everything.costs)
    return expected_improvement(mean, spread, best) / max(cost, 1e-9)


def next_group(groups: Mapping[Key, Tried]) -> Key:
    """The group to try next, of those that have something left; those not tried yet come first, in order.

    Raises:
        ValueError: there is none.
    """
    if not groups:
        raise ValueError("there is no group left")
    for key, tried in groups.items():
        if not tried.values:
            return key
    values = [value for tried in groups.values() for value in tried.values]
    costs = [cost for tried in groups.values() for cost in tried.costs]
    everything = Tried(tuple(values), tuple(costs))
    gains = {key: gain_per_cost(tried, everything, max(values)) for key, tried in groups.items()}
    return max(gains, key=lambda key: gains[key])


def _drawn(own: Sequence[float], others: Sequence[float]) -> float:
    """Mean of a group's own numbers, drawn towards that of all."""
    if not others:
        return fmean(own) if own else 0.0
    return (sum(own) + _PRIOR * fmean(others)) / (len(own) + _PRIOR)
