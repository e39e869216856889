from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.report.plots.scale import (
    Linear,
    Logarithmic,
    fitting,
    log_ticks,
    percent_ends,
    round_ends,
    ticks,
)

values = st.floats(-1e6, 1e6)


def test_round_values_lie_between_the_ends():
    assert ticks(50, 60, 6) == [50, 52, 54, 56, 58, 60]
    assert ticks(47, 82, 5) == [50, 60, 70, 80]
    assert ticks(0, 1, 6) == [0, 0.2, 0.4, 0.6, 0.8, 1]


def test_thirds_of_a_unit_are_written_shortly():
    assert [f"{tick}" for tick in ticks(0, 0.3, 4)] == ["0.0", "0.1", "0.2", "0.3"]


@given(values, st.floats(1e-3, 1e6), st.integers(3, 12))
def test_ticks_are_few_even_and_inside(low: float, span: float, most: int):
    found = ticks(low, low + span, most)
    assert len(found) <= most
    assert all(low - span * 1e-6 <= tick <= low + span * (1 + 1e-6) for tick in found)
    steps = [after - before for before, after in pairwise(found)]
    assert all(step == pytest.approx(steps[0], abs=1e-6) for step in steps)
    # Two at least, unless so few are wanted that one round value may be all.
    assert len(found) >= (2 if most >= 6 else 0)


@given(values, st.floats(1e-3, 1e6))
def test_the_step_is_one_two_or_five_times_a_power_of_ten(low: float, span: float):
    found = ticks(low, low + span)
    step = found[1] - found[0]
    leading = step / 10 ** math.floor(math.log10(step) + 1e-3)
    assert min(abs(leading - nice) for nice in (1, 2, 5)) < 1e-3


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=6))
def test_the_ends_of_an_axis_are_round_and_hold_every_share(shares: list[float]):
    low, high = percent_ends(shares)
    assert -100 <= low < high <= 100
    assert all(low - 1e-6 <= 100 * share <= high + 1e-6 for share in shares)
    found = ticks(low, high)
    assert (found[0], found[-1]) == (pytest.approx(low), pytest.approx(high))


def test_an_axis_of_shares_goes_below_zero_only_for_shares_below_zero():
    assert percent_ends([0.0]) == (0, 3)
    assert percent_ends([1.0]) == (97, 100)
    assert percent_ends([-0.3, 0.3]) == (-30, 30)


def test_one_value_stands_in_the_middle():
    assert round_ends([80.0], least=4) == (78, 82)


def test_both_ends_are_ticks_where_the_first_step_would_leave_one_out():
    # Fives hold 12 to 49 within 10 to 50, which take nine ticks; 9 to 51 take tens, and these 0 to 60.
    assert round_ends([12, 49]) == (10, 50)
    assert round_ends([9, 51]) == (0, 60)
    # Fives do for 12 to 51, but not for 10 to 55, ten ticks of them.
    assert round_ends([12, 51]) == (10, 60)


def test_ratios_are_distances_on_a_logarithmic_scale():
    scale = Logarithmic(1, 100, 0, 200)
    assert [scale.place(value) for value in (1, 10, 100)] == pytest.approx([0, 100, 200])
    far = Logarithmic(1e-310, 1e10, 0, 320)
    assert [far.place(value) for value in (1e-310, 1, 1e10)] == pytest.approx([0, 310, 320])


def test_differences_are_distances_on_a_linear_scale():
    assert [Linear(50, 60, 300, 100).place(value) for value in (50, 55, 60)] == [300, 200, 100]


def test_values_more_than_ten_fold_apart_are_shown_by_their_logarithm():
    assert isinstance(fitting([10, 100], 0, 1), Linear)
    assert isinstance(fitting([10, 101], 0, 1), Logarithmic)
    assert isinstance(fitting([0, 101], 0, 1), Linear)
    assert isinstance(fitting([0], 0, 1), Linear)


def test_logarithmic_ticks_are_powers_of_ten_with_two_and_five_where_these_fit():
    assert log_ticks(8, 300) == [10, 20, 50, 100, 200]
    assert log_ticks(1, 1e6, 8) == [1, 10, 100, 1e3, 1e4, 1e5, 1e6]


@given(st.floats(0.1, 1e4), st.floats(10.1, 1e9))
def test_there_are_some_logarithmic_ticks_and_not_many(low: float, ratio: float):
    found = log_ticks(low, low * ratio)
    assert 1 <= len(found) <= 8
    assert all(low <= tick <= low * ratio for tick in found)
