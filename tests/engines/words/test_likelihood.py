"""Conditional likelihood (LM-BFF): words by hand, assignments against one-by-one evaluation."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptsearch.engines.words.crossval import held_out_log_likelihoods
from promptsearch.engines.words.folds import stratified_folds
from promptsearch.engines.words.likelihood import _longer, _narrowed, assign, likely_words
from promptsearch.scoring import VerbalizerLayout, apply, evaluate, fit_batch, label_scores


def test_likely_words_by_hand():
    log_probs = [[-1.0, -4.0], [-2.0, -3.0], [-3.0, -8.0]]
    assert likely_words(log_probs, [1, 0, 1], 2).tolist() == [[-2.0, -3.0], [-2.0, -6.0]]


def one_by_one(log_probs, gold, candidates) -> dict[tuple[int, ...], tuple[float, float]]:
    """Every assignment of different words, with the accuracy and log-likelihood that `evaluate` gives."""
    found = {}
    for columns in product(*candidates):
        if len(set(columns)) < len(columns):
            continue
        place = VerbalizerLayout(tuple((c,) for c in columns), ((1.0,),) * len(columns), log_probs.shape[1])
        calibration = fit_batch(label_scores(log_probs, place))
        figures = evaluate(apply(calibration, log_probs, place), gold)
        found[columns] = figures.accuracy, figures.log_likelihood
    return found


def planted(seed: int, n_labels: int, n: int = 18, width: int = 12, signal: float = 2.0):
    """Texts whose label raises a third of the words of one residue."""
    rng = np.random.default_rng(seed)
    gold = np.arange(n) % n_labels
    rises = np.arange(width) % n_labels == gold[:, None]
    return rng.normal(size=(n, width)) - 5 + signal * rises * rng.uniform(size=width), gold


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(2, 3), st.floats(0, 3))
def test_enumeration_finds_the_best_in_order(seed, n_labels, signal):
    log_probs, gold = planted(seed, n_labels, signal=signal)
    candidates = [range(label, label + 5) for label in range(n_labels)]
    expected = one_by_one(log_probs, gold, candidates)
    best = assign(log_probs, gold, candidates, best=7)
    ranked = sorted(expected.values(), reverse=True)[:7]
    np.testing.assert_allclose([(a.accuracy, a.log_likelihood) for a in best], ranked, rtol=1e-9)
    for each in best:
        assert (each.accuracy, each.log_likelihood) == pytest.approx(expected[each.columns])


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(2, 4), st.integers(3, 1000))
def test_a_beam_finds_words_that_tell_their_label_best(seed, n_labels, width):
    log_probs, gold = planted(seed, n_labels, n=40, signal=1.0)
    candidates = [range(label, 12, n_labels) for label in range(n_labels)]
    clearest = [columns[-1] for columns in candidates]
    for label, word in enumerate(clearest):
        log_probs[gold == label, word] += 8
    exact = assign(log_probs, gold, candidates, best=1)
    assert exact[0].columns == tuple(clearest)
    assert assign(log_probs, gold, candidates, best=1, exact=0, beam=width, seed=seed) == exact


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(1, 20))
def test_a_beam_gives_true_figures_and_different_words(seed, width):
    log_probs, gold = planted(seed, 3, signal=1.0)
    candidates = [range(6)] * 3
    expected = one_by_one(log_probs, gold, candidates)
    found = assign(log_probs, gold, candidates, exact=0, beam=width)
    assert found
    for each in found:
        assert (each.accuracy, each.log_likelihood) == pytest.approx(expected[each.columns])


@pytest.mark.parametrize("exact", [0, 100])
def test_a_word_never_stands_for_two_labels(exact):
    log_probs, gold = planted(0, 2)
    found = assign(log_probs, gold, [[3, 4], [3, 4]], exact=exact)
    assert {a.columns for a in found} <= {(3, 4), (4, 3)}
    assert assign(log_probs, gold, [[3], [3]], exact=exact) == []


def test_many_labels_with_a_planted_word_each():
    log_probs, gold = planted(0, 20, n=60, width=100, signal=0.5)
    candidates = [list(range(label, 100, 20)) for label in range(20)]
    for label, columns in enumerate(candidates):
        log_probs[gold == label, columns[label % 5]] += 10
    found = assign(log_probs, gold, candidates, best=1, beam=5)[0]
    assert found.columns == tuple(columns[label % 5] for label, columns in enumerate(candidates))
    assert found.accuracy == 1.0


def test_longer_assignments_are_judged_as_they_stand():
    log_probs, gold = planted(1, 3)
    folds, kept, pool = stratified_folds(gold), np.array([[0, 1], [4, 2], [3, 7]]), np.array([8, 11])
    probabilities = np.exp(log_probs - log_probs.max(axis=1, keepdims=True)).T
    found = _longer(probabilities, kept, pool, gold, folds)
    for row, each in zip(found, kept.tolist()):
        for value, word in zip(row, pool.tolist()):
            scores = log_probs[:, [*each, word]].T[np.newaxis]
            np.testing.assert_allclose(value, held_out_log_likelihoods(scores, gold, folds)[0], rtol=1e-9)


def test_a_beam_is_as_wide_as_the_work_allows():
    pools = [np.arange(20)] * 77
    assert _narrowed(200, pools, 308) == 200
    assert _narrowed(200, pools, 1232) == 52  # 10⁸ / (20 · 77 · 1232)
    assert _narrowed(200, pools, 10**9) == 1
    assert _narrowed(200, [np.arange(100)] * 2, 64) == 200
