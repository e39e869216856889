"""Paired tests against enumeration, drawn sign patterns, scipy and McNemar's test."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.scoring import mcnemar
from promptsearch.scoring.paired import ENUMERATED, sign_flip, sign_test, wilcoxon

counts = st.integers(0, 60)
differences = st.lists(st.floats(-5, 5).map(lambda value: round(value, 2)), min_size=1, max_size=9)


def enumerated(values, alternative):
    """Share of all sign patterns at least as extreme, by counting them one after another."""
    sizes = np.abs(values)
    sums = np.array([np.dot(signs, sizes) for signs in itertools.product([1, -1], repeat=len(sizes))])
    observed = np.sum(values)
    less, greater = (sums <= observed + 1e-9).mean(), (sums >= observed - 1e-9).mean()
    return {"less": less, "greater": greater, "two-sided": min(1, 2 * min(less, greater))}[alternative]


@pytest.mark.parametrize(
    ("wins", "losses", "alternative", "p"),
    [
        (1, 3, "less", 5 / 16),
        (1, 3, "greater", 15 / 16),
        (1, 3, "two-sided", 10 / 16),
        (0, 10, "less", 2**-10),
    ],
)
def test_sign_test_counts_coin_flips(wins, losses, alternative, p):
    assert sign_test(wins, losses, alternative) == pytest.approx(p)


def test_sign_test_without_disagreement_says_nothing():
    assert sign_test([0], [0]).tolist() == [1.0]


@given(counts, counts)
def test_two_sided_sign_test_is_mcnemars(wins, losses):
    a = [True] * wins + [False] * losses
    assert sign_test(wins, losses) == pytest.approx(mcnemar(a, [not right for right in a]))


def test_sign_test_reaches_tiny_levels():
    assert sign_test(0, 2000, "less") < 1e-300
    assert sign_test(0, 100, "less") == pytest.approx(2.0**-100)


@given(differences, st.sampled_from(["less", "greater", "two-sided"]))
def test_sign_flip_of_few_differences_is_enumeration(values, alternative):
    assert sign_flip(values, alternative) == pytest.approx(enumerated(values, alternative))


@given(differences)
def test_sides_swap_with_the_systems_and_scale_is_free(values):
    row = np.array(values)
    assert sign_flip(row, "less") == pytest.approx(sign_flip(-row, "greater"))
    assert sign_flip(row) == pytest.approx(sign_flip(1e-3 * row))


def test_zeros_change_nothing():
    row = np.array([0.5, -0.2, 1.0])
    assert sign_flip(np.r_[row, np.zeros(40)]) == sign_flip(row)
    assert sign_flip(np.zeros((2, 30))).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("n", [ENUMERATED + 1, 40, 200])
@pytest.mark.parametrize("shift", [-0.3, 0.0, 0.2])
def test_tail_approximation_is_the_tail(n, shift):
    rng = np.random.default_rng(n)
    row = rng.standard_t(4, n) + shift
    signs = 2.0 * rng.integers(0, 2, (50_000, n)) - 1
    share = (signs @ np.abs(row) >= row.sum()).mean()
    slack = 0.005 + 0.02 * share
    assert sign_flip(row, "greater", flips=0) == pytest.approx(share, abs=slack)
    assert sign_flip(row, "greater") == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize("negative", [1, 2, 3])
def test_tail_approximation_holds_in_the_far_tail(negative):
    sizes = np.random.default_rng(0).uniform(0.5, 1.5, 20)
    row = sizes * np.where(np.arange(20) < negative, -1, 1)
    sums = np.zeros(1)
    for size in sizes:
        sums = np.concatenate([sums + size, sums - size])
    share = (sums >= row.sum() - 1e-9).mean()
    assert share < 2e-3
    assert sign_flip(row, "greater") == pytest.approx(share, rel=0.1)


def test_one_huge_difference_decides_half_of_the_patterns():
    # Whether the huge one is positive: half. The small ones cancel, so about half of those again.
    row = np.r_[100.0, np.tile([0.1, -0.1], 15)]
    assert sign_flip(row, "greater") == pytest.approx(0.5 * (0.5 + 0.14446 / 2), abs=0.03)


def test_p_values_of_equal_systems_are_not_too_small():
    rng = np.random.default_rng(3)
    p_values = sign_flip(rng.normal(size=(2000, 30)), "less")
    for level in (0.01, 0.05, 0.2):
        assert (p_values <= level).mean() <= level + 3 * np.sqrt(level / 2000)
        assert (p_values <= level).mean() >= level - 3 * np.sqrt(level / 2000)


@pytest.mark.parametrize("n", [6, 12, 20, 45])
@pytest.mark.parametrize("alternative", ["less", "greater", "two-sided"])
def test_wilcoxon_agrees_with_the_exact_distribution(n, alternative):
    stats = pytest.importorskip("scipy.stats")
    row = np.random.default_rng(n).normal(0.25, 1, n)
    exact = stats.wilcoxon(row, method="exact", alternative=alternative).pvalue
    assert wilcoxon(row, alternative) == pytest.approx(exact, rel=0.01, abs=1e-12)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=9))
def test_wilcoxon_with_ties_is_enumeration_over_mean_ranks(values):
    row = np.array([value for value in values if value], dtype=float)
    sizes = np.abs(row)
    ranks = np.array([(sizes < size).sum() + ((sizes == size).sum() + 1) / 2 for size in sizes])
    assert wilcoxon(values) == pytest.approx(enumerated(np.sign(row) * ranks, "two-sided") if len(row) else 1)


def test_many_rows_at_once():
    rows = np.random.default_rng(5).normal(size=(2, 3, 25))
    assert sign_flip(rows).shape == wilcoxon(rows).shape == (2, 3)
    assert wilcoxon(rows)[1, 2] == wilcoxon(rows[1, 2])


@pytest.mark.parametrize("test", [sign_flip, wilcoxon])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_differences_must_be_finite(test, bad):
    with pytest.raises(ValueError, match="finite"):
        test([1.0, bad])
