"""Verbalizers that differ in one label: the figures of judging each whole."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from promptsearch.engines.words.crossval import held_out_log_likelihoods, held_out_of_changes
from promptsearch.engines.words.folds import stratified_folds


def whole(rows, labels, changed) -> np.ndarray:
    """(J, L, n) logarithms of the given verbalizer with each change made."""
    made = np.repeat(rows[np.newaxis], len(labels), axis=0)
    made[np.arange(len(labels)), labels] = changed
    return np.log(np.maximum(made, 1e-300))


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(1, 4), st.integers(1, 5), st.floats(0.1, 20))
def test_changes_are_judged_as_whole_verbalizers(seed, n_labels, per_label, folds, spread):
    rng = np.random.default_rng(seed)
    gold = rng.permutation(np.repeat(np.arange(n_labels), per_label))
    fold = stratified_folds(gold, folds, seed)
    rows = np.exp(rng.normal(size=(3, n_labels, len(gold))) * spread)
    changed = np.exp(rng.normal(size=(3, 7, len(gold))) * spread)
    labels = rng.integers(0, n_labels, 7)
    found = held_out_of_changes(rows, labels, changed, gold, fold)
    for one, new, values in zip(rows, changed, found):
        expected = held_out_log_likelihoods(whole(one, labels, new), gold, fold)
        np.testing.assert_allclose(values, expected, rtol=1e-8, atol=1e-10)
        alone = held_out_of_changes(one, labels, new, gold, fold)
        np.testing.assert_allclose(alone, values, rtol=1e-12, atol=1e-12)


def test_one_label_that_outweighs_all_others_by_far():
    # 1e20 + 1 - 1e20 is 0: the others must be summed without it.
    rows = np.array([[1e20, 1e20, 1e20, 1e20], [1.0, 2.0, 3.0, 4.0], [2.0, 1.0, 1.0, 2.0]])
    gold, folds = np.array([0, 1, 2, 1]), np.array([0, 1, 0, 1])
    labels, changed = np.array([0]), np.array([[1.0, 3.0, 2.0, 1.0]])
    found = held_out_of_changes(rows, labels, changed, gold, folds)
    expected = held_out_log_likelihoods(whole(rows, labels, changed), gold, folds)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_impossible_words_are_finite():
    rows, changed = np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 1e-200]])
    found = held_out_of_changes(rows, np.array([0]), changed, np.array([0, 1]), np.array([0, 0]))
    assert np.isfinite(found).all()
