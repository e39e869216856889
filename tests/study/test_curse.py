from __future__ import annotations

import numpy as np
import pytest

from promptsearch.study.curse import winners_curse


def test_one_candidate_owes_nothing_to_choice():
    found = winners_curse([[True, True, True, False] * 10])
    assert found.chosen == 0.75
    assert found.expected == pytest.approx(0.75, abs=0.01)


def test_one_that_is_always_right_is_chosen_and_stays_right():
    right = np.zeros((3, 20), dtype=bool)
    right[1] = True
    assert winners_curse(right).optimism == 0


def test_two_halves_by_hand():
    # Each is right on one of two examples. A draw of one of them twice (what leaves the other out) chooses
    # the candidate that is right on it, which is wrong on the other.
    found = winners_curse([[True, False], [False, True]])
    assert (found.chosen, found.expected, found.optimism) == (0.5, 0.0, 0.5)


def test_many_equal_candidates_are_judged_by_what_they_are():
    rng = np.random.default_rng(1)
    found = [winners_curse(rng.random((200, 60)) < 0.6, seed, 100) for seed in range(30)]
    # Binomial(60, 0.6) has a standard deviation of 0.063; the best of 200 lies about 2.7 of them higher.
    assert np.mean([each.chosen for each in found]) > 0.74
    assert np.mean([each.expected for each in found]) == pytest.approx(0.6, abs=0.02)


def test_the_seed_decides():
    right = np.random.default_rng(0).random((5, 30)) < 0.5
    assert winners_curse(right, 1) == winners_curse(right, 1) != winners_curse(right, 2)


@pytest.mark.parametrize("shape", [(0, 4), (3, 1), (4,)])
def test_without_candidates_or_examples_there_is_no_choice(shape):
    with pytest.raises(ValueError, match="at least two examples"):
        winners_curse(np.zeros(shape, dtype=bool))
