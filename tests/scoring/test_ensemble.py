from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptsearch.scoring import combine, fit_weights, log_softmax, uniform
from promptsearch.scoring.ensemble import STRENGTH

NAN, INF = float("nan"), float("inf")


def logs(*rows):
    with np.errstate(divide="ignore"):
        return np.log(np.array(rows, dtype=float))


def world(seed: int, n_members: int = 3, n: int = 20, n_labels: int = 3, spread: float = 1.0):
    """Members that know the gold labels more or less well."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(n_labels, size=n)
    skill = rng.uniform(0, 2, size=(n_members, 1, 1))
    scores = skill * np.eye(n_labels)[gold] + spread * rng.normal(size=(n_members, n, n_labels))
    return log_softmax(scores), gold


def objective(log_probs, gold, weights, strength: float) -> float:
    """The definition, term by term."""
    n_members, n, n_labels = log_probs.shape
    total = 0.0
    for i in range(n):
        scores = [sum(weights[t] * log_probs[t, i, y] for t in range(n_members)) for y in range(n_labels)]
        total += scores[gold[i]] - math.log(sum(map(math.exp, scores)))
    divergence = sum(w * math.log(w * n_members) for w in weights if w > 0)
    return (total - strength * divergence) / n


def of_gold(log_probs, gold, weights) -> float:
    return float(combine(log_probs, weights)[np.arange(len(gold)), gold].mean())


seeds = st.integers(0, 2**32 - 1)


# Together --------------------------------------------------------------------------------------------


def test_two_members_by_hand():
    """√(0.8 · 0.5) : √(0.2 · 0.5) = 2 : 1."""
    members = logs([[0.8, 0.2]], [[0.5, 0.5]])
    assert np.exp(combine(members, [0.5, 0.5])[0]) == pytest.approx([2 / 3, 1 / 3])


def test_weights_are_exponents():
    members = logs([[0.5, 0.25, 0.25]], [[0.1, 0.8, 0.1]])
    expected = np.array([0.5**0.75 * 0.1**0.25, 0.25**0.75 * 0.8**0.25, 0.25**0.75 * 0.1**0.25])
    assert np.exp(combine(members, [0.75, 0.25])[0]) == pytest.approx(expected / expected.sum())


def test_members_need_not_be_normalised():
    members = logs([[0.8, 0.2]], [[0.4, 0.6]])
    shifted = members + np.array([3.0, -2.0])[:, None, None]
    assert combine(shifted, [0.5, 0.5]) == pytest.approx(combine(members, [0.5, 0.5]))


def test_equal_members_say_what_each_says():
    members, _ = world(0, n_members=1)
    assert combine(np.repeat(members, 4, axis=0), uniform(4)) == pytest.approx(members[0])


def test_a_member_of_weight_0_is_not_looked_at():
    members = logs([[0.8, 0.2], [0.4, 0.6]], [[0.5, 0.5], [1.0, 0.0]])
    members[1, 0] = NAN
    assert combine(members, [1.0, 0.0]) == pytest.approx(members[0])


def test_a_member_that_cannot_score_a_row_has_no_opinion_on_it():
    """√0.8 : √0.2 = 2 : 1, as beside a member for which both are alike."""
    members = logs([[0.8, 0.2], [0.8, 0.2]], [[0.5, 0.5], [0.5, 0.5]])
    members[1, 1, 0] = NAN
    assert np.exp(combine(members, [0.5, 0.5])) == pytest.approx(np.array([[2 / 3, 1 / 3]] * 2))


def test_what_no_member_can_score_is_no_answer():
    members = logs([[0.8, 0.2], [0.8, 0.2]], [[0.5, 0.5], [0.5, 0.5]])
    members[:, 1] = NAN
    found = combine(members, [0.5, 0.5])
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


def test_what_one_member_rules_out_is_improbable_and_what_all_do_impossible():
    members = logs([[0.0, 0.5, 0.5, 0.0]], [[0.7, 0.1, 0.2, 0.0]])
    found = combine(members, [0.5, 0.5])[0]
    # Exponents of 10: (-30 + log10 0.7) / 2 beside √(0.5 · 0.1) + √(0.5 · 0.2).
    ratio = 10 ** ((-30 + math.log10(0.7)) / 2) / (0.05**0.5 + 0.1**0.5)
    assert found[0] == pytest.approx(math.log(ratio))
    assert found[3] == -INF
    assert np.exp(found).sum() == pytest.approx(1)


def test_members_that_rule_out_each_others_labels_still_answer():
    found = combine(logs([[1.0, 0.0]], [[0.0, 1.0]]), [0.75, 0.25])
    assert found[0, 0] > found[0, 1]
    assert np.isfinite(found).all()


def test_what_is_ruled_out_is_not_more_probable_than_the_least_probable():
    members = np.array([[[0.0, -100.0, -INF]], [[0.0, -100.0, -100.0]]])
    found = combine(members, [0.9, 0.1])[0]
    assert found[2] <= found[1]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0], "1 weights for 2 members"),
        ([0.5, 0.6], "sum to 1, not to 1.1"),
        ([1.5, -0.5], "finite and not negative"),
        ([NAN, 1.0], "finite and not negative"),
        ([], "at least one number"),
        ([[0.5, 0.5]], "at least one number"),
    ],
)
def test_weights_that_are_none(weights, message):
    with pytest.raises(ValueError, match=message):
        combine(logs([[0.8, 0.2]], [[0.5, 0.5]]), weights)


@pytest.mark.parametrize("shape", [(2, 3), (0, 2, 2), (1, 2, 0)])
def test_arrays_of_another_shape(shape):
    with pytest.raises(ValueError, match="members, examples, labels"):
        combine(np.zeros(shape), [1.0])
    with pytest.raises(ValueError, match="members, examples, labels"):
        fit_weights(np.zeros(shape), [0, 0])


def test_equal_weights():
    assert uniform(4).tolist() == [0.25] * 4
    with pytest.raises(ValueError, match="at least one member"):
        uniform(0)


# Fitted ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("strength", [0.0, 1.0, 5.0])
def test_two_members_against_a_grid(seed, strength):
    log_probs, gold = world(seed, n_members=2)
    grid = [(k / 1000, 1 - k / 1000) for k in range(1001)]
    best = max(grid, key=lambda weights: objective(log_probs, gold, weights, strength))
    assert fit_weights(log_probs, gold, strength) == pytest.approx(best, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_three_members_against_a_grid(seed, strength):
    log_probs, gold = world(seed)
    steps = range(51)
    grid = [(a / 50, b / 50, (50 - a - b) / 50) for a, b in itertools.product(steps, steps) if a + b <= 50]
    best = max(objective(log_probs, gold, weights, strength) for weights in grid)
    found = objective(log_probs, gold, fit_weights(log_probs, gold, strength), strength)
    assert best - 1e-9 <= found <= best + 1e-3


def test_nothing_near_the_optimum_is_higher():
    log_probs, gold = world(7, n_members=6, n=40)
    weights = fit_weights(log_probs, gold)
    best = objective(log_probs, gold, weights, STRENGTH)
    for one, other in itertools.permutations(range(6), 2):
        moved = weights.copy()
        step = min(1e-3, moved[one])
        moved[one] -= step
        moved[other] += step
        assert objective(log_probs, gold, moved, STRENGTH) <= best + 1e-8


@given(seeds, st.integers(1, 6), st.integers(1, 30), st.integers(2, 4), st.sampled_from([0.0, 0.5, 3.0]))
@settings(max_examples=40)
def test_weights_lie_on_the_simplex_and_beat_equal_ones(seed, n_members, n, n_labels, strength):
    log_probs, gold = world(seed, n_members, n, n_labels, spread=2.0)
    weights = fit_weights(log_probs, gold, strength)
    assert weights.shape == (n_members,)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    equal = uniform(n_members)
    assert of_gold(log_probs, gold, weights) >= of_gold(log_probs, gold, equal) - 1e-12


@given(seeds, st.permutations(range(5)), st.sampled_from([0.5, 3.0]))
@settings(max_examples=30)
def test_members_in_another_order_have_the_same_weights(seed, order, strength):
    log_probs, gold = world(seed, n_members=5)
    weights = fit_weights(log_probs, gold, strength)
    assert fit_weights(log_probs[order], gold, strength) == pytest.approx(weights[order], abs=1e-4)


def test_the_same_call_gives_the_same_weights():
    log_probs, gold = world(3, n_members=8)
    assert fit_weights(log_probs, gold).tolist() == fit_weights(log_probs, gold).tolist()


def test_equal_members_have_equal_weights():
    log_probs, gold = world(1, n_members=1)
    assert fit_weights(np.repeat(log_probs, 3, axis=0), gold, 0.0) == pytest.approx([1 / 3] * 3)


def test_the_member_that_knows_has_all_the_weight_without_pull():
    members = logs([[0.9, 0.1], [0.1, 0.9]], [[0.5, 0.5], [0.5, 0.5]], [[0.1, 0.9], [0.9, 0.1]])
    assert fit_weights(members, [0, 1], 0.0) == pytest.approx([1, 0, 0], abs=1e-4)


def test_the_pull_brings_weights_nearer_to_equal_ones():
    log_probs, gold = world(5, n_members=10, n=50, n_labels=2)
    found = [fit_weights(log_probs, gold, strength) for strength in (0.0, 0.5, 1.0, 4.0, 32.0, 1e6)]
    distances = [sum(w * math.log(10 * w) for w in weights if w > 0) for weights in found]
    assert distances == sorted(distances, reverse=True)
    assert found[-1] == pytest.approx([0.1] * 10, abs=1e-4)


def test_the_pull_matters_less_the_more_examples_there_are():
    log_probs, gold = world(5, n_members=4, n=30)
    once = fit_weights(log_probs, gold, 1.0)
    more = fit_weights(np.tile(log_probs, (1, 8, 1)), np.tile(gold, 8), 8.0)
    assert more == pytest.approx(once, abs=1e-4)
    assert fit_weights(np.tile(log_probs, (1, 8, 1)), np.tile(gold, 8), 1.0).max() > once.max()


def test_the_default_pull_keeps_ten_members_from_fitting_fifty_coins():
    """Members that know nothing: on new examples fitted weights lose next to nothing against equal ones."""
    lost = {0.0: 0.0, STRENGTH: 0.0}
    for seed in range(20):
        rng = np.random.default_rng(seed)
        log_probs = log_softmax(rng.normal(size=(10, 2050, 2)))
        gold = rng.integers(2, size=2050)
        equal = of_gold(log_probs[:, 50:], gold[50:], uniform(10))
        for strength in lost:
            weights = fit_weights(log_probs[:, :50], gold[:50], strength)
            lost[strength] += (equal - of_gold(log_probs[:, 50:], gold[50:], weights)) / 20
    assert lost[STRENGTH] < 0.7 * lost[0.0]


# What cannot be scored -------------------------------------------------------------------------------


def test_a_row_without_opinion_counts_as_all_labels_alike():
    log_probs, gold = world(2, n_members=3)
    spoilt, level = log_probs.copy(), log_probs.copy()
    spoilt[0, 4:9, 1], level[0, 4:9] = NAN, -math.log(3)
    assert fit_weights(spoilt, gold) == pytest.approx(fit_weights(level, gold))


def test_examples_that_no_member_can_score_do_not_count():
    log_probs, gold = world(2, n_members=3)
    spoilt = log_probs.copy()
    spoilt[:, 5:] = NAN
    assert fit_weights(spoilt, gold) == pytest.approx(fit_weights(log_probs[:, :5], gold[:5]))


def test_a_member_that_never_answers_is_worth_less_than_one_that_knows():
    log_probs, gold = world(2, n_members=2, n_labels=2, spread=0.2)
    log_probs[0] = NAN
    assert fit_weights(log_probs, gold)[0] < 0.1


@pytest.mark.parametrize("n", [0, 3])
def test_without_anything_to_learn_from_weights_are_equal(n):
    assert fit_weights(np.full((4, n, 2), NAN), [0] * n).tolist() == [0.25] * 4


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_a_gold_label_that_a_member_rules_out_costs_it_weight(strength):
    members = logs(
        [[1.0, 0.0], [0.9, 0.1], [0.1, 0.9]],
        [[0.6, 0.4], [0.6, 0.4], [0.4, 0.6]],
    )
    right, wrong = fit_weights(members, [0, 0, 1], strength), fit_weights(members, [1, 0, 1], strength)
    assert right[0] > 0.5
    assert wrong[0] < 0.1
    assert np.isfinite(of_gold(members, [1, 0, 1], wrong))


@pytest.mark.parametrize(
    ("gold", "strength", "message"),
    [
        ([0], 1.0, "gold labels of shape"),
        ([0, 2], 1.0, "between 0 and 1"),
        ([0, -1], 1.0, "between 0 and 1"),
        ([0, 1], -1.0, "strength must be at least 0"),
        ([0, 1], NAN, "strength must be at least 0"),
    ],
)
def test_what_cannot_be_fitted_on(gold, strength, message):
    with pytest.raises(ValueError, match=message):
        fit_weights(np.zeros((2, 2, 2)), gold, strength)
