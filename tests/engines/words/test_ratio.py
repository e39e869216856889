"""PETAL's scores against the docstring's equations, read literally."""

from __future__ import annotations

import math

import numpy as np
import pytest

from promptsearch.engines.words import ratio
from promptsearch.engines.words.ratio import cross_entropy_scores, ratio_scores


def test_two_texts_and_two_words_by_hand():
    q = np.log([[0.8, 0.2], [0.75, 0.25]])
    # Label 0, word 0: log 0.8 + log(1 - 0.75); odds 4 and 3.
    cross_entropy = np.log([[0.8 * 0.25, 0.2 * 0.75], [0.75 * 0.2, 0.25 * 0.8]])
    ratio = np.log([[4 / 3, 3 / 4], [3 / 4, 4 / 3]])
    np.testing.assert_allclose(cross_entropy_scores(q, [0, 1], 2), cross_entropy, rtol=1e-12)
    np.testing.assert_allclose(ratio_scores(q, [0, 1], 2), ratio, rtol=1e-12)


def literal(q, gold, label, word, of_label, of_others) -> float:
    mine = [i for i, y in enumerate(gold) if y == label]
    others = [i for i, y in enumerate(gold) if y != label]
    share = len(mine) / len(others)
    total = sum(of_label(q[i][word]) for i in mine) + share * sum(of_others(q[i][word]) for i in others)
    return total / len(mine)


def test_unbalanced_labels_against_loops():
    rng = np.random.default_rng(0)
    gold = [0, 2, 1, 0, 0, 1, 0]
    q = rng.dirichlet(np.ones(6), size=len(gold))
    for label in range(3):
        for word in range(6):
            expected = literal(q, gold, label, word, math.log, lambda p: math.log(1 - p))
            assert cross_entropy_scores(np.log(q), gold, 3)[label, word] == pytest.approx(expected)
            expected = literal(
                q, gold, label, word, lambda p: math.log(p / (1 - p)), lambda p: -math.log(p / (1 - p))
            )
            assert ratio_scores(np.log(q), gold, 3)[label, word] == pytest.approx(expected)


def test_a_rare_word_that_tells_labels_apart_wins_by_ratio_only():
    # Word 0 is likely everywhere, word 1 a thousand times rarer but ten times likelier under label 0.
    q = np.array([[0.5, 1e-3], [0.5, 1e-3], [0.4, 1e-4], [0.4, 1e-4]])
    assert cross_entropy_scores(np.log(q), [0, 0, 1, 1], 2)[0].argmax() == 0
    assert ratio_scores(np.log(q), [0, 0, 1, 1], 2)[0].argmax() == 1


def test_a_certain_word_has_a_finite_score():
    q = np.array([[0.0, -50.0], [-50.0, 0.0]])
    for scores in (cross_entropy_scores(q, [0, 1], 2), ratio_scores(q, [0, 1], 2)):
        assert np.isfinite(scores).all()
        assert scores.argmax(axis=1).tolist() == [0, 1]


def test_columns_in_chunks_and_many_labels(monkeypatch):
    rng = np.random.default_rng(1)
    gold = rng.permutation(np.repeat(np.arange(9), 3))
    values = np.log(rng.dirichlet(np.ones(11), size=len(gold)))
    log_rest = np.log1p(-np.exp(values))
    odds = values - log_rest
    monkeypatch.setattr(ratio, "_CHUNK_VALUES", 4 * len(gold))  # chunks of 4, 4 and 3 words
    for label in range(9):
        mine = gold == label
        expected = values[mine].mean(axis=0) + log_rest[~mine].mean(axis=0)
        np.testing.assert_allclose(cross_entropy_scores(values, gold, 9)[label], expected, rtol=1e-12)
        expected = odds[mine].mean(axis=0) - odds[~mine].mean(axis=0)
        np.testing.assert_allclose(ratio_scores(values, gold, 9)[label], expected, rtol=1e-10, atol=1e-12)


def test_an_impossible_word_under_one_label_leaves_the_others_alone():
    q = np.log([[0.5, 0.5], [0.4, 0.6], [0.3, 0.7]])
    q[0, 0] = -np.inf
    scores = ratio_scores(q, [0, 1, 2], 3)
    assert scores[0, 0] == -np.inf
    assert (scores[1:, 0] == np.inf).all()
    assert np.isfinite(scores[:, 1]).all()
