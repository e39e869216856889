"""The probe and its regression against slow readings of the paper."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from promptsearch.engines.words.logistic import fit_logistic, standardisation
from promptsearch.engines.words.probe import probe_scores

RNG = np.random.default_rng(3)
GOLD = np.arange(30) % 3
STATES = RNG.normal(size=(30, 8)) * 4 + 2 + 3 * np.eye(8)[GOLD]
WORDS = RNG.normal(size=(50, 8)) - 5


def reference(states, gold, penalty) -> LogisticRegression:
    """mean loss + penalty / 2 · ||V||², which scikit-learn writes as C · sum of losses + 1/2 · ||V||²."""
    return LogisticRegression(C=1 / (len(gold) * penalty), tol=1e-10, max_iter=10_000).fit(states, gold)


@pytest.mark.parametrize("penalty", [0.01, 1.0, 10.0])
def test_the_regression_is_that_of_scikit_learn(penalty):
    weights, bias = fit_logistic(STATES, GOLD, 3, penalty)
    expected = reference(STATES, GOLD, penalty)
    np.testing.assert_allclose(weights, expected.coef_, atol=1e-4)
    np.testing.assert_allclose(
        bias - bias.mean(), expected.intercept_ - expected.intercept_.mean(), atol=1e-3
    )


def test_a_strong_penalty_keeps_the_start():
    start = np.arange(24.0).reshape(3, 8) / 10
    weights, _ = fit_logistic(STATES, GOLD, 3, 1e6, start)
    np.testing.assert_allclose(weights, start, atol=1e-4)


def test_mean_and_scale_of_columns():
    mean, scale = standardisation([[1.0, 5.0], [3.0, 5.0]])
    assert mean.tolist() == [2.0, 5.0]
    assert scale.tolist() == [1.0, 1.0]  # the second does not vary
    assert standardisation([[0.0], [4.0]])[1].tolist() == [2.0]


@pytest.mark.parametrize("penalty", [0.1, 1.0])
def test_words_take_the_place_of_states(penalty):
    mean, scale = STATES.mean(axis=0), STATES.std(axis=0)
    fitted = reference((STATES - mean) / scale, GOLD, penalty)
    expected = fitted.predict_log_proba((WORDS - WORDS.mean(axis=0)) / scale).T
    found = probe_scores(STATES, GOLD, 3, WORDS, penalty)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    np.testing.assert_allclose(np.exp(found).sum(axis=0), 1, rtol=1e-12)


def test_what_all_words_share_says_nothing():
    found = probe_scores(STATES, GOLD, 3, WORDS)
    np.testing.assert_allclose(probe_scores(STATES + 7, GOLD, 3, WORDS - 11), found, atol=1e-5)


def test_single_precision_words():
    found = probe_scores(STATES, GOLD, 3, WORDS.astype(np.float32))
    np.testing.assert_allclose(found, probe_scores(STATES, GOLD, 3, WORDS), atol=1e-4)
