"""Folds, and log-likelihoods of texts that are held out."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.engines.words.crossval import held_out_log_likelihoods
from promptsearch.engines.words.folds import stratified_folds

labels = st.lists(st.integers(0, 3), min_size=1, max_size=40)


@given(labels, st.integers(1, 7), st.integers(0, 5))
def test_every_class_is_in_every_training_part(gold, most, seed):
    folds = stratified_folds(gold, most, seed)
    counts = np.unique(gold, return_counts=True)[1]
    assert set(folds.tolist()) == set(range(min(most, counts.min())))
    if folds.max() > 0:
        for fold in range(folds.max() + 1):
            assert set(np.array(gold)[folds != fold]) == set(gold)
    assert folds.tolist() == stratified_folds(gold, most, seed).tolist()


@given(labels, st.integers(1, 7))
def test_a_class_is_spread_evenly(gold, most):
    folds = stratified_folds(gold, most)
    for label in set(gold):
        sizes = np.bincount(folds[np.array(gold) == label], minlength=folds.max() + 1)
        assert sizes.max() - sizes.min() <= 1


def test_a_class_of_one_example_makes_one_fold():
    assert stratified_folds([0, 0, 0, 1]).tolist() == [0, 0, 0, 0]


def test_the_seed_draws_other_folds():
    gold = [0] * 20 + [1] * 20
    assert stratified_folds(gold, seed=0).tolist() != stratified_folds(gold, seed=1).tolist()


def slow_log_likelihoods(scores, gold, folds) -> list[float]:
    """One verbalizer, (L, n) scores: share / mean share over the other folds, normalised over labels."""
    n_labels, n = len(scores), len(gold)
    shares = [
        [math.exp(scores[y][i]) / sum(math.exp(scores[z][i]) for z in range(n_labels)) for i in range(n)]
        for y in range(n_labels)
    ]
    found = []
    for i in range(n):
        others = [j for j in range(n) if folds[j] != folds[i]] or list(range(n))
        means = [sum(shares[y][j] for j in others) / len(others) for y in range(n_labels)]
        calibrated = [shares[y][i] / means[y] for y in range(n_labels)]
        found.append(math.log(calibrated[gold[i]] / sum(calibrated)))
    return found


def test_held_out_log_likelihoods_against_loops():
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 3, 11)
    scores = rng.normal(size=(5, 3, 11)) * 3
    for folds in (np.zeros(11, dtype=np.int64), np.arange(11) % 3):
        found = held_out_log_likelihoods(scores, gold, folds)
        for row, one in zip(found, scores):
            np.testing.assert_allclose(row, slow_log_likelihoods(one, gold, folds), rtol=1e-10)


def test_calibration_does_not_see_the_held_out_texts():
    rng = np.random.default_rng(0)
    gold, folds = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
    scores = rng.normal(size=(1, 2, 4))
    other = scores.copy()
    other[0, :, 1] += [5.0, -5.0]  # a text of the same fold as text 0
    a = held_out_log_likelihoods(scores, gold, folds)[0]
    b = held_out_log_likelihoods(other, gold, folds)[0]
    assert a[0] == b[0]
    assert a[2] != b[2]


def test_impossible_labels_are_finite():
    scores = np.array([[[0.0, 0.0], [-np.inf, -np.inf]]])
    assert np.isfinite(held_out_log_likelihoods(scores, np.array([0, 1]), np.array([0, 0]))).all()
