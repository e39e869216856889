"""Members that are chosen one by one for what they add."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.scoring import combine, select_members, uniform


def said(*right: float) -> np.ndarray:
    """Log-probabilities of two labels where the first has these probabilities."""
    first = np.array(right)
    return np.log(np.stack([first, 1 - first], axis=1))


def test_a_member_that_is_right_elsewhere_comes_before_a_better_one():
    members = np.stack([said(0.9, 0.9, 0.2), said(0.9, 0.9, 0.15), said(0.3, 0.3, 0.9)])
    gold = [0, 0, 0]
    # By itself the third is the worst.
    alone = [float(np.mean(each[:, 0])) for each in members]
    assert alone == pytest.approx([-0.607, -0.703, -0.838], abs=1e-3)
    assert select_members(members, gold, 2) == [0, 2]
    assert select_members(members, gold, 9) == [0, 2, 1]


def test_of_equal_ones_the_first_is_chosen():
    members = np.stack([said(0.6, 0.6), said(0.8, 0.8), said(0.8, 0.8)])
    assert select_members(members, [0, 0], 2) == [1, 2]


def test_an_example_that_none_can_score_does_not_count():
    unscored = np.full((1, 2), np.nan)
    members = np.stack([np.concatenate([said(p), unscored]) for p in (0.6, 0.9)])
    assert select_members(members, [0, 1], 2) == [1, 0]


def test_without_examples_they_stay_in_order():
    assert select_members(np.zeros((3, 0, 2)), [], 2) == [0, 1]


@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(2, 4), st.integers(1, 6))
def test_each_is_the_one_that_adds_most(seed, n_members, n_labels, most):
    random = np.random.default_rng(seed)
    log_probs = np.log(random.dirichlet(np.ones(n_labels), size=(n_members, 7)))
    gold = random.integers(n_labels, size=7)

    def likelihood(chosen: list[int]) -> float:
        together = combine(log_probs[chosen], uniform(len(chosen)))
        return round(float(together[np.arange(7), gold].mean()), 4)

    found = select_members(log_probs, gold, most)
    assert len(found) == len(set(found)) == min(most, n_members)
    for i, chosen in enumerate(found):
        others = [other for other in range(n_members) if other not in found[: i + 1]]
        best = likelihood([*found[:i], chosen])
        # The last digit may be rounded either way.
        assert all(likelihood([*found[:i], other]) <= best + 1.01e-4 for other in others)


@pytest.mark.parametrize(("gold", "said"), [([0], "gold labels of shape"), ([0, 2], "between 0 and 1")])
def test_labels_that_do_not_fit(gold, said):
    with pytest.raises(ValueError, match=said):
        select_members(np.zeros((2, 2, 2)), gold, 1)
