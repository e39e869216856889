"""Refinements of KPT by hand, and a case where plain cosines mislead."""

from __future__ import annotations

import math

import numpy as np
import pytest

from promptsearch.engines.words.refine import by_frequency, by_relevance, contextual_prior


def test_prior_is_the_mean_probability():
    prior = contextual_prior(np.log([[0.2, 0.01], [0.4, 0.03], [0.6, 0.02]]))
    np.testing.assert_allclose(np.exp(prior), [0.4, 0.02], rtol=1e-12)
    # Far below what a probability can be written as.
    np.testing.assert_allclose(contextual_prior([[-2000.0], [-2000.0]]), [-2000.0])


def test_the_less_frequent_half_leaves():
    verdict = by_frequency(np.log([[0.2, 0.1, 0.3, 0.05], [0.1, 0.1, 0.1, 0.05], [0.0001, 0.1, 0.2, 0.05]]))
    # Means 0.1000, 0.1, 0.2, 0.05; the first is 0.3001 / 3.
    assert verdict.keep.tolist() == [True, False, True, False]
    assert math.exp(verdict.threshold) == pytest.approx(0.3001 / 3)


@pytest.mark.parametrize(("share", "kept"), [(1.0, 5), (0.9, 5), (0.5, 3), (0.2, 1), (0.01, 1)])
def test_how_many_stay(share, kept):
    verdict = by_frequency(np.log([[0.1, 0.2, 0.3, 0.01, 0.02]]), share)
    assert verdict.keep.sum() == kept
    assert verdict.keep[2]


def test_words_alike_stay_together():
    assert by_frequency(np.log([[0.1, 0.1, 0.3, 0.1]]), 0.5).keep.all()


def test_relevance_by_hand():
    # Two labels, named by words 0 and 1; word 2 is meant for label 0, word 3 (the same) for label 1.
    q = np.array([[0.2, 0.1, 0.4, 0.4], [0.2, 0.2, 0.1, 0.1], [0.1, 0.2, 0.1, 0.1]])
    verdict = by_relevance(np.log(q), [0, 1, 0, 1], [[0], [1]], centred=False)
    # cos(0, 1) = 0.08 / 0.09; cos(2, 0) and cos(2, 1) are as 0.11 to 0.08.
    np.testing.assert_allclose(verdict.value, [9 / 8, 9 / 8, 11 / 8, 8 / 11], rtol=1e-9)
    assert verdict.keep.tolist() == [True, True, True, False]


def test_relevance_to_several_other_labels_is_their_mean():
    q = np.array([[0.3, 0.1, 0.1, 0.3], [0.1, 0.3, 0.1, 0.2], [0.1, 0.1, 0.3, 0.2]])
    verdict = by_relevance(np.log(q), [0, 1, 2, 0], [[0], [1], [2]], centred=False)
    cosine = [q[:, 3] @ q[:, y] / np.linalg.norm(q[:, 3]) / np.linalg.norm(q[:, y]) for y in range(3)]
    assert verdict.value[3] == pytest.approx(cosine[0] * 2 / (cosine[1] + cosine[2]))


def test_several_anchors_are_averaged():
    q = np.array([[0.3, 0.1, 0.4], [0.1, 0.3, 0.1], [0.2, 0.2, 0.1]])
    both = by_relevance(np.log(q), [0, 0, 1], [[0, 1], [2]], centred=False).value
    mean = q[:, :2].mean(axis=1)

    def cos(a, b):
        return a @ b / np.linalg.norm(a) / np.linalg.norm(b)

    assert both[0] == pytest.approx(cos(q[:, 0], mean) / cos(q[:, 0], q[:, 2]))


def common_mood(n: int = 90):
    """Words 0 to 2 name labels; all words rise and fall together by a factor of up to e^6."""
    rng = np.random.default_rng(0)
    gold = np.arange(n) % 3
    label_of = np.array([0, 1, 2, 0, 1, 2, 0])
    follows = np.array([0, 1, 2, 0, 1, 2, 2])  # the last word is meant for label 0 and follows label 2
    rise = 0.6 * (follows == gold[:, None]) + rng.normal(0, 0.05, (n, 7))
    rise[:, 1] += rng.normal(0, 0.6, n)  # label 1's name is noisy: its cosines with all words are low
    return rise + rng.normal(0, 1.5, (n, 1)) - 15, label_of


def test_what_all_words_share_misleads_plain_cosines_only():
    log_probs, label_of = common_mood()
    anchors = [[0], [1], [2]]
    plain = by_relevance(log_probs, label_of, anchors, centred=False)
    centred = by_relevance(log_probs, label_of, anchors)
    assert plain.keep[6]
    assert centred.keep.tolist() == [True, True, True, True, True, True, False]


def test_a_falling_word_has_relevance_zero_and_one_without_rivals_infinite():
    q = np.array([[0.4, 0.1, 0.1], [0.1, 0.4, 0.4]])
    verdict = by_relevance(np.log(q), [0, 1, 0], [[0], [1]])
    assert verdict.value.tolist() == [math.inf, math.inf, 0.0]


@pytest.mark.parametrize("n", [1, 4])
def test_where_nothing_moves_all_words_stay(n):
    verdict = by_relevance(np.log(np.full((n, 4), [0.1, 0.2, 0.01, 0.3])), [0, 1, 0, 1], [[0], [1]])
    assert verdict.keep.all()
    assert verdict.value.tolist() == [1.0] * 4
