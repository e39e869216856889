"""Readouts against slow, literal readings of their equations."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.scoring import NearestReadout, PrototypeReadout, Readout, SoftReadout
from promptsearch.scoring.continuous import parameters_of, tensors_of
from promptsearch.scoring.neighbours import mixed, nearest_keys

SOFT = SoftReadout(np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([0.0, 1.0]))
PROTOTYPES = PrototypeReadout(
    np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]), np.array([[2.0, 0.0], [0.0, 0.5]]), np.ones(3), 0.5
)
# Standardised by mean 1 and scale 2: the states 1, 3 and 7 are 0, 1 and 3.
NEAREST = NearestReadout(
    np.array([[0.0], [1.0], [3.0]]), np.array([0, 1, 1]), np.ones(1), np.full(1, 2.0), 2, 2, 0.5, 0.25
)
WORDS = np.log([[0.2, 0.8]])


def test_soft_by_hand():
    # Logits 3 and 2 · 0.5 + 1 = 2.
    found = np.exp(SOFT.label_scores([[3.0, 0.5]]))
    assert found[0] == pytest.approx([math.e / (math.e + 1), 1 / (math.e + 1)])


def test_prototypes_by_hand():
    # The state less its centre is (3, 4, 9), projected (3, 4): cosines 3/5 and 4/5 whatever the lengths.
    found = np.exp(PROTOTYPES.label_scores([[4.0, 5.0, 10.0]]))
    odds = math.exp((3 / 5 - 4 / 5) / 0.5)
    assert found[0] == pytest.approx([odds / (1 + odds), 1 / (1 + odds)], rel=1e-6)


def test_nearest_by_hand():
    # The state 4 is 1.5: its neighbours are 1 (label 1, distance 0.25), then 0 (label 0) and 3, both at 2.25.
    near, far = math.exp(-0.25 / 0.5), math.exp(-2.25 / 0.5)
    share = far / (near + far)
    found = np.exp(NEAREST.label_scores([[4.0]], WORDS))
    expected = [0.25 * share + 0.75 * 0.2, 0.25 * (1 - share) + 0.75 * 0.8]
    assert found[0] == pytest.approx(expected)


def test_words_need_not_be_normalised():
    np.testing.assert_allclose(
        NEAREST.label_scores([[4.0]], WORDS + 3), NEAREST.label_scores([[4.0]], WORDS), atol=1e-12
    )


def test_words_can_be_sharpened():
    # Squared, 0.2 and 0.8 are 1/17 and 16/17.
    sharp, alone = replace(NEAREST, sharpness=2.0, mix=0.5), replace(NEAREST, mix=1.0)
    neighbours = np.exp(alone.label_scores([[4.0]]))[0]
    found = np.exp(sharp.label_scores([[4.0]], WORDS))[0]
    assert found == pytest.approx((neighbours + np.array([1 / 17, 16 / 17])) / 2)


def test_without_a_share_words_are_not_needed():
    alone = NearestReadout(NEAREST.keys, NEAREST.labels, NEAREST.mean, NEAREST.scale, 3, 1, 1.0, 1.0)
    assert not alone.uses_words
    assert np.exp(alone.label_scores([[7.0]])).tolist() == [[0.0, 1.0, 0.0]]
    with pytest.raises(ValueError, match="needs the label log-probabilities of the words"):
        NEAREST.label_scores([[4.0]])


def literal_neighbours(state: np.ndarray, keys: np.ndarray, k: int) -> list[tuple[float, int]]:
    gaps = [(sum((a - b) ** 2 for a, b in zip(state, key)) / len(key), i) for i, key in enumerate(keys)]
    return sorted(gaps)[:k]


@pytest.mark.parametrize("n", [3, 600])
@given(seed=st.integers(0, 10**6))
def test_nearest_as_a_loop(n, seed):
    rng = np.random.default_rng(seed)
    keys, labels = rng.normal(size=(12, 4)), rng.integers(0, 3, 12)
    mean, scale, k = rng.normal(size=4), rng.uniform(0.5, 2, 4), int(rng.integers(1, 13))
    readout = NearestReadout(keys, labels, mean, scale, 3, k, 0.3, 0.5)
    states, words = rng.normal(size=(n, 4)), rng.dirichlet(np.ones(3), n)
    found = np.exp(readout.label_scores(states, np.log(words)))
    for row in rng.integers(0, n, 3):
        votes = np.zeros(3)
        state = (states[row] - readout.mean) / readout.scale
        for gap, place in literal_neighbours(state, readout.keys, k):
            votes[labels[place]] += math.exp(-gap / 0.3)
        if votes.sum() > 1e-250:
            assert found[row] == pytest.approx(0.5 * votes / votes.sum() + 0.5 * words[row], abs=1e-6)


def test_of_equally_near_keys_the_earlier_comes_first():
    keys = np.array([[1.0], [0.0], [1.0], [0.0]])
    gaps, places = nearest_keys(np.zeros((1, 1)), keys, 3)
    assert (gaps.tolist(), places.tolist()) == ([[0, 0, 1]], [[1, 3, 0]])


def test_a_key_is_not_its_own_neighbour():
    keys = np.repeat(np.arange(300.0), 2)[:, np.newaxis]
    gaps, places = nearest_keys(keys, keys, 1, same=True)
    assert not gaps.any()
    assert places[:, 0].tolist() == [i ^ 1 for i in range(600)]


def test_distances_too_far_to_be_summed_are_compared_all_the_same():
    found = NEAREST.label_scores([[1e6]], WORDS)
    assert np.isfinite(found).all()
    # The nearest, with label 1, outweighs everything.
    assert np.exp(found)[0] == pytest.approx([0.75 * 0.2, 0.25 + 0.75 * 0.8])


def test_mixtures_of_what_is_impossible():
    none, half = np.array([[-np.inf, 0.0]]), np.log([[0.5, 0.5]])
    np.testing.assert_allclose(np.exp(mixed(none, half, 0.5)), [[0.25, 0.75]])
    np.testing.assert_array_equal(mixed(none, half, 1.0), none)


@pytest.mark.parametrize("readout", [SOFT, PROTOTYPES, NEAREST], ids=lambda readout: readout.kind)
def test_rows_sum_to_one_and_not_a_number_stays(readout: Readout):
    states = np.random.default_rng(0).normal(size=(5, readout.width))
    states[2, 0] = np.nan
    found = np.exp(readout.label_scores(states, np.repeat(WORDS, 5, axis=0)))
    assert np.isnan(found[2]).all()
    np.testing.assert_allclose(np.delete(found, 2, axis=0).sum(axis=1), 1)


def test_words_that_cannot_be_scored_leave_the_text_unscored():
    assert np.isnan(NEAREST.label_scores([[4.0]], [[np.nan, 0.0]])).all()


def test_a_readout_is_its_arrays_and_numbers():
    assert list(tensors_of(NEAREST)) == ["keys", "labels", "mean", "scale"]
    assert {array.dtype.name for array in tensors_of(NEAREST).values()} == {"float32", "int64"}
    assert parameters_of(NEAREST) == {
        "n_labels": 2,
        "k": 2,
        "temperature": 0.5,
        "mix": 0.25,
        "sharpness": 1.0,
    }


def test_arrays_that_do_not_fit():
    with pytest.raises(ValueError, match=r"vectors \(2, 2\), bias \(3,\)"):
        SoftReadout(np.zeros((2, 2)), np.zeros(3))
    with pytest.raises(ValueError, match="shapes that do not fit each other"):
        PrototypeReadout(np.zeros((3, 2)), np.zeros((2, 3)), np.zeros(3), 1.0)
    with pytest.raises(ValueError, match="scale of a component must be above 0"):
        NearestReadout(np.zeros((1, 2)), np.zeros(1), np.zeros(2), np.array([1.0, 0.0]), 2, 1, 1.0, 0.5)
