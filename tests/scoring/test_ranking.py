"""The order among prompts, and which of the best cannot be told apart."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.scoring import best_indistinguishable, holm, rank


def test_metric_first_then_likelihood_then_tokens_then_place():
    values = [0.8, 0.9, 0.9, 0.9, 0.9]
    likelihoods = [-0.1, -0.5, -0.4, -0.4, -0.4]
    costs = [5, 5, 9, 7, 7]
    assert rank(values, likelihoods, costs).tolist() == [3, 4, 2, 1, 0]


def test_noise_below_the_precision_of_the_figures_decides_nothing():
    # 0.1 + 0.2 is not 0.3 in the last bit, and log-likelihoods agree to four decimals: fewer tokens win.
    assert rank([0.1 + 0.2, 0.3], [-0.400001, -0.400002], [9, 7]).tolist() == [1, 0]


def test_not_a_number_comes_last_and_minus_infinity_before_it():
    nan, inf = np.nan, np.inf
    assert rank([nan, 0.5, 0.5, 0.5], [-0.1, nan, -inf, -0.9], [1, 1, 1, 1]).tolist() == [3, 2, 1, 0]


@given(st.lists(st.tuples(st.sampled_from([0.5, 0.75]), st.sampled_from([-1.0, -0.5]), st.integers(1, 3))))
def test_rank_is_a_stable_sort(rows):
    values, likelihoods, costs = (list(column) for column in zip(*rows)) if rows else ([], [], [])
    slow = sorted(range(len(rows)), key=lambda i: (-values[i], -likelihoods[i], costs[i]))
    assert rank(values, likelihoods, costs).tolist() == slow


def test_holm_steps_down_and_stops_at_the_first_that_holds():
    # sorted: 0.01 <= 0.05/4, 0.015 <= 0.05/3, 0.03 > 0.05/2: stop, although 0.04 <= 0.05/1
    assert holm([0.04, 0.01, 0.03, 0.015]) == (False, True, False, True)
    assert holm([]) == ()


def test_the_best_and_those_a_paired_test_cannot_part_from_it():
    # Discordant 8 : 2 gives p = 2 · (1 + 10 + 45) / 1024 = 0.109; 30 : 0 gives 2 / 2^30.
    best = np.ones(100, dtype=bool)
    best[:2] = False
    near, far = np.ones(100, dtype=bool), best.copy()
    near[10:18] = False
    far[20:50] = False
    assert best_indistinguishable([best, near, far]) == (0, 1)


def test_the_correction_counts_all_rivals():
    # 6 : 0 gives p = 2 / 64 = 0.031: apart from one rival, not from four of the same kind.
    best = np.ones(50, dtype=bool)
    rivals = [best.copy() for _ in range(4)]
    for start, rival in enumerate(rivals):
        rival[6 * start : 6 * start + 6] = False
    assert best_indistinguishable([best, rivals[0]]) == (0,)
    assert best_indistinguishable([best, *rivals]) == (0, 1, 2, 3, 4)


def test_prompts_of_equal_quality_are_rarely_told_apart():
    # Case 29, one look at a time: five equal rivals, 500 races, at most 5 % with any told apart.
    rng = np.random.default_rng(0)
    told_apart = sum(len(best_indistinguishable(rng.random((6, 200)) < 0.7)) < 6 for _ in range(500))
    assert told_apart <= 25


def test_one_prompt_alone_is_the_best():
    assert best_indistinguishable([[True, False]]) == (0,)
