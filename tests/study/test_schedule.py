"""Whose turn it is: expected improvement, and how turns fall over a search."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.study.schedule import Tried, expected_improvement, gain_per_cost, next_group


def integral(mean: float, spread: float, best: float) -> float:
    """Of max(0, x - best) over the normal density, by Simpson's rule."""
    low, high, steps = max(best, mean - 12 * spread), mean + 12 * spread, 20_000
    if high <= best:
        return 0.0
    x = np.linspace(low, high, steps + 1)
    weights = np.full(steps + 1, 2.0)
    weights[1::2], weights[0], weights[-1] = 4.0, 1.0, 1.0
    density = np.exp(-(((x - mean) / spread) ** 2) / 2) / (spread * math.sqrt(2 * math.pi))
    return float((weights * (x - best) * density).sum() * (high - low) / steps / 3)


@given(st.floats(-1, 1), st.floats(0.01, 1), st.floats(-1, 1))
def test_expected_improvement_is_the_integral(mean, spread, best):
    assert expected_improvement(mean, spread, best) == pytest.approx(integral(mean, spread, best), abs=1e-8)


def test_expected_improvement_by_hand():
    # At the mean it is spread / sqrt(2 pi); without spread it is what the mean is better.
    assert expected_improvement(0.7, 0.1, 0.7) == pytest.approx(0.1 / math.sqrt(2 * math.pi))
    assert expected_improvement(0.9, 0, 0.7) == pytest.approx(0.2)
    assert expected_improvement(0.5, 0, 0.7) == 0.0


def test_a_group_is_drawn_towards_all_as_if_two_of_them_were_its_own():
    group = Tried((0.8,), (4.0,))
    everything = Tried((0.8, 0.5, 0.5), (4.0, 1.0, 1.0))
    # mean (0.8 + 2 * 0.6) / 3, cost (4 + 2 * 2) / 3; squares from that mean: of its own 0.1333^2, of all
    # (0.1333^2 + 2 * 0.1667^2) / 3
    mean, cost = 2 / 3, 8 / 3
    own = (0.8 - mean) ** 2
    spread = math.sqrt((own + 2 * (own + 2 * (0.5 - mean) ** 2) / 3) / 3)
    expected = integral(mean, spread, 0.8) / cost
    assert gain_per_cost(group, everything, 0.8) == pytest.approx(expected, rel=1e-6)


def test_untried_groups_come_first_in_order():
    tried = Tried((0.99,), (0.001,))
    assert next_group({"a": tried, "b": Tried(), "c": Tried()}) == "b"
    assert next_group({"a": tried, "b": Tried((0.1,), (9.0,)), "c": Tried()}) == "c"


def test_of_equal_gains_the_cheaper_and_of_equal_costs_the_better():
    same = (0.6, 0.7)
    assert next_group({"dear": Tried(same, (3.0, 3.0)), "cheap": Tried(same, (1.0, 1.0))}) == "cheap"
    cost = (1.0, 1.0)
    assert next_group({"low": Tried((0.5, 0.6), cost), "high": Tried((0.7, 0.8), cost)}) == "high"


def test_all_alike_is_no_reason_to_stop():
    assert next_group({"a": Tried((0.5, 0.5), (1.0, 1.0)), "b": Tried((0.5, 0.5), (2.0, 2.0))}) == "a"


def test_no_group():
    with pytest.raises(ValueError, match="no group left"):
        next_group({})


def turns(seed: int, means: dict[str, float], costs: dict[str, float]) -> Counter[str]:
    """How 200 turns fall to groups whose values are normal with these means and a spread of 0.05."""
    draw = np.random.default_rng(seed)
    values: dict[str, list[float]] = {name: [] for name in means}
    for _ in range(200):
        name = next_group({each: Tried(tuple(v), (costs[each],) * len(v)) for each, v in values.items()})
        values[name].append(draw.normal(means[name], 0.05))
    return Counter({name: len(found) for name, found in values.items()})


@pytest.mark.parametrize("seed", range(5))
def test_what_brings_better_values_gets_most_turns(seed):
    means = {"better": 0.7, "plain": 0.6, "other": 0.6, "poor": 0.5}
    found = turns(seed, means, dict.fromkeys(means, 1.0))
    assert found["better"] > 100
    assert 1 <= found["poor"] <= 10
