from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.study.importance import PARTS, importances, omega_squared
from tests.study.trials import trial


def test_by_hand():
    # Means 2 and 5, grand mean 3.5: between 6 · 1.5² = 13.5, within 2 + 2 = 4, total 17.5, unit 4 / 4 = 1.
    assert omega_squared([1, 2, 3, 4, 5, 6], "aaabbb") == pytest.approx((13.5 - 1) / (17.5 + 1))


def test_groups_of_other_sizes_by_hand():
    # Means 1, 3 and 6, grand mean 3.4: between 2 · 2.4² + 0.4² + 2 · 2.6² = 25.2, within 2 + 0 + 2 = 4,
    # total 29.2, unit 4 / 2 = 2.
    found = omega_squared([0, 2, 3, 5, 7], ["x", "x", "y", "z", "z"])
    assert found == pytest.approx((25.2 - 2 * 2) / (29.2 + 2))


def test_nothing_is_explained_where_nothing_can_be():
    assert omega_squared([], []) == 0
    assert omega_squared([1, 2, 3], "aaa") == 0
    assert omega_squared([1, 2, 3], "abc") == 0
    assert omega_squared([2, 2, 2, 2], "aabb") == 0
    # Equal means: the estimate is below 0.
    assert omega_squared([1, 3, 1, 3], "aabb") == 0


def test_all_is_explained_where_groups_are_alike_within():
    assert omega_squared([1, 1, 4, 4], "aabb") == 1


def test_values_that_are_no_numbers_are_left_out():
    with_others = omega_squared([1, np.nan, 2, 3, 4, -np.inf, 5, 6], "aabaabbb")
    assert with_others == omega_squared([1, 2, 3, 4, 5, 6], "abaabb")
    assert omega_squared([1, 2, np.nan, 4, 4], "aabcc") == omega_squared([1, 2, 4, 4], "aacc")


def test_groups_must_be_one_a_value():
    with pytest.raises(ValueError, match="2 groups"):
        omega_squared([1, 2, 3], "ab")


@pytest.fixture(scope="module")
def f_oneway():
    return pytest.importorskip("scipy.stats").f_oneway


@given(rows=st.lists(st.tuples(st.integers(0, 20), st.sampled_from("abc")), min_size=5, max_size=30))
def test_against_the_f_statistic_of_scipy(f_oneway, rows):
    values, groups = zip(*rows)
    samples = [[v for v, g in rows if g == name] for name in sorted(set(groups))]
    n, k = len(values), len(samples)
    within = sum(np.var(sample) * len(sample) for sample in samples)
    if k < 2 or n <= k or within < 1e-9:
        return
    f = float(f_oneway(*samples).statistic)
    # The same ω² in terms of F.
    expected = (k - 1) * (f - 1) / ((k - 1) * (f - 1) + n)
    assert omega_squared(values, groups) == pytest.approx(max(0.0, expected), abs=1e-9)


def test_chance_explains_nothing_however_many_groups():
    rng = np.random.default_rng(0)
    found = [omega_squared(rng.normal(size=200), rng.integers(60, size=200).tolist()) for _ in range(50)]
    assert np.mean(found) < 0.1


def test_parts_of_a_choice():
    right = {("a", "none"): 2, ("a", "batch"): 3, ("b", "none"): 8, ("b", "batch"): 9}
    trials = [
        trial(name, dev=n + i, method=method, plm=f"plm-{name}")
        for (name, method), n in right.items()
        for i in range(2)
    ]
    found = importances(trials, "accuracy")
    share = {each.parameter: each.share for each in found}
    assert set(share) == set(PARTS)
    assert [each.share for each in found] == sorted(share.values(), reverse=True)
    assert share["template"] == share["PLM"] > 0.9
    assert share["engine"] == share["label words"] == share["calibration"] == 0
    groups = ["a"] * 4 + ["b"] * 4
    assert share["PLM"] == omega_squared([0.2, 0.3, 0.3, 0.4, 0.8, 0.9, 0.9, 1.0], groups)
