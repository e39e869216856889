"""Intervals and paired tests: published and hand-counted values, coverage, and seeds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.errors import OptionError
from promptsearch.scoring import (
    Interval,
    bootstrap_interval,
    confusion_matrix,
    macro_f1,
    mcnemar,
    paired_difference,
    told_apart,
    wilson,
)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_equals_the_published_table(successes, n, low, high):
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_without_trials_says_nothing():
    assert wilson(0, 0) == Interval(0.0, 1.0)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_widens_with_the_level(counts):
    successes, n = counts
    narrow, wide = wilson(successes, n, 0.8), wilson(successes, n, 0.99)
    assert 0 <= wide.low <= narrow.low <= successes / n <= narrow.high <= wide.high <= 1


@pytest.mark.parametrize("level", [0.0, 1.0, 95, -0.5])
def test_a_level_outside_0_to_1_is_refused(level):
    with pytest.raises(OptionError, match="between 0 and 1"):
        wilson(1, 2, level)


def a_system(rng, gold, share_right):
    wrong = (gold + rng.integers(1, 3, len(gold))) % 3
    return np.where(rng.random(len(gold)) < share_right, gold, wrong)


def test_bootstrap_of_accuracy_agrees_with_wilson_on_many_examples():
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 3, 2000)
    predicted = a_system(rng, gold, 0.8)
    interval = bootstrap_interval(predicted, gold, "accuracy")
    assert interval == pytest.approx(wilson(int((predicted == gold).sum()), 2000), abs=0.004)


def test_bootstrap_equals_resampling_rows():
    rng = np.random.default_rng(1)
    gold = rng.integers(0, 3, 60)
    predicted = a_system(rng, gold, 0.6)
    predicted[:5] = -1
    rows = rng.integers(0, 60, (4000, 60))
    values = [macro_f1(confusion_matrix(predicted[r], gold[r], 3)) for r in rows]
    slow = np.quantile(values, [0.025, 0.975])
    assert bootstrap_interval(predicted, gold, "macro-f1", resamples=4000) == pytest.approx(slow, abs=0.015)


def test_the_seed_fixes_the_bootstrap():
    rng = np.random.default_rng(2)
    gold = rng.integers(0, 3, 50)
    a, b = a_system(rng, gold, 0.7), a_system(rng, gold, 0.6)
    assert bootstrap_interval(a, gold, "mcc", seed=5) == bootstrap_interval(a, gold, "mcc", seed=5)
    assert bootstrap_interval(a, gold, "mcc", seed=5) != bootstrap_interval(a, gold, "mcc", seed=6)
    assert paired_difference(a, b, gold, seed=5) == paired_difference(a, b, gold, seed=5)
    assert paired_difference(a, b, gold, seed=5) != paired_difference(a, b, gold, seed=6)


def test_a_bootstrap_needs_examples():
    with pytest.raises(ValueError, match="at least one example"):
        bootstrap_interval([], [], "accuracy")


def test_a_system_does_not_differ_from_itself():
    gold = np.arange(30) % 3
    for metric in ("accuracy", "macro-f1", "mcc"):
        same = paired_difference(gold, gold, gold, metric)
        assert (same.value, same.low, same.high, same.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_a_clear_difference_is_seen_and_its_sign_follows_the_order():
    rng = np.random.default_rng(3)
    gold = rng.integers(0, 3, 300)
    good, poor = a_system(rng, gold, 0.9), a_system(rng, gold, 0.6)
    there, back = paired_difference(good, poor, gold), paired_difference(poor, good, gold)
    assert there.value == pytest.approx((good == gold).mean() - (poor == gold).mean())
    assert 0 < there.low < there.value < there.high
    assert there.p_value == pytest.approx(2 / 2001)  # no resample beyond 0: 2 · (0 + 1) / (2000 + 1)
    assert back.value == -there.value
    assert back.high < 0


def test_pairing_narrows_the_interval_of_systems_that_err_alike():
    # b errs where a does, and on 10 texts more: every resample agrees on the sign.
    gold = np.zeros(400, dtype=int)
    a, b = gold.copy(), gold.copy()
    a[:150], b[:160] = 1, 1
    paired = paired_difference(a, b, gold)
    alone = bootstrap_interval(a, gold, "accuracy")
    assert paired.value == pytest.approx(10 / 400)
    assert paired.high - paired.low < 0.4 * (alone.high - alone.low)
    assert paired.low > 0


def test_the_paired_interval_covers_an_equal_pair_about_as_often_as_it_says():
    rng = np.random.default_rng(4)
    gold = np.zeros(150, dtype=int)
    outside = 0
    for seed in range(300):
        a, b = (rng.random((2, 150)) < 0.3).astype(int)
        outside += paired_difference(a, b, gold, resamples=400, seed=seed).p_value <= 0.05
    assert 3 <= outside <= 27  # 5 % of 300 is 15; both ends are beyond three standard deviations


def correctness(both, only_a, only_b, neither):
    a = [1] * both + [1] * only_a + [0] * only_b + [0] * neither
    b = [1] * both + [0] * only_a + [1] * only_b + [0] * neither
    return np.array(a, dtype=bool), np.array(b, dtype=bool)


@pytest.mark.parametrize(
    ("only_a", "only_b", "p"),
    [
        (8, 1, 20 / 512),  # 2 · (C(9,0) + C(9,1)) / 2^9
        (1, 8, 20 / 512),
        (6, 0, 2 / 64),  # 2 · C(6,0) / 2^6
        (4, 2, 44 / 64),  # 2 · (1 + 6 + 15) / 2^6
        (3, 3, 1.0),  # 2 · (1 + 6 + 15 + 20) / 2^6 > 1
        (0, 0, 1.0),
    ],
)
def test_mcnemar_by_hand(only_a, only_b, p):
    assert mcnemar(*correctness(40, only_a, only_b, 11)) == pytest.approx(p)


def test_mcnemar_stays_exact_on_thousands_of_discordant_texts():
    # 2 · P(X <= 1900), X ~ B(4000, 1/2); normal value: z = (1900.5 - 2000) / sqrt(1000) = -3.1465
    assert mcnemar(*correctness(0, 2100, 1900, 0)) == pytest.approx(0.00165, abs=2e-5)


def test_mcnemar_refuses_systems_judged_on_other_texts():
    with pytest.raises(ValueError, match="judged on"):
        mcnemar([True], [True, False])


def test_told_apart_has_the_exact_p_value_of_few_examples():
    """Four answers of twenty more right, none less: an exact p of 2 / 16."""
    gold = [0] * 20
    better, worse = [0] * 20, [1] * 4 + [0] * 16
    found = told_apart(better, worse, gold)
    assert found.value == pytest.approx(0.2)
    assert found.p_value == pytest.approx(0.125)
    assert paired_difference(better, worse, gold, "accuracy").p_value < 0.05
    assert told_apart(better, worse, gold, "macro-f1") == paired_difference(better, worse, gold, "macro-f1")
