"""Learned word weights: optimal, never negative, and the same through a prompt's own scoring."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptsearch.engines.words import weights as weights_module
from promptsearch.engines.words.blocks import LabelBlocks
from promptsearch.engines.words.folds import stratified_folds
from promptsearch.engines.words.logistic import standardisation
from promptsearch.engines.words.weights import LAMBDAS, learn_weights, solve
from promptsearch.scoring import Calibration, apply, layout, log_softmax
from promptsearch.verbalizer import Answer, Verbalizer

LABEL_OF = np.array([0, 0, 0, 1, 1, 2])
SHARE = np.eye(3)[LABEL_OF] / np.array([3, 2, 1])


def texts(seed: int, n: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Word log-probabilities; word 1 falls where its label rises."""
    rng = np.random.default_rng(seed)
    gold = np.arange(n) % 3
    signal = (gold[:, None] == LABEL_OF) * np.array([1.5, -1.5, 0.5, 1.0, 0.2, 1.0])
    return rng.normal(size=(n, 6)) * [1, 2, 1, 3, 1, 1] + signal - 7, gold


def loss(theta, bias, z, gold, penalty) -> float:
    """The docstring's objective in loops."""
    total = 0.0
    for row, label in zip(z, gold):
        scores = [bias[y] + sum(theta[w] * SHARE[w, y] * row[w] for w in range(6)) for y in range(3)]
        total -= scores[label] - math.log(sum(math.exp(s) for s in scores))
    mean = sum(theta) / 6
    return total / len(gold) + penalty / 6 * sum((t - mean) ** 2 for t in theta) + 1e-3 * mean**2


def standardised(log_probs) -> np.ndarray:
    return (log_probs - log_probs.mean(axis=0)) / log_probs.std(axis=0)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from(LAMBDAS))
def test_no_step_lowers_the_objective(seed, penalty):
    log_probs, gold = texts(seed)
    z = standardised(log_probs)
    theta, bias = solve(z, gold, SHARE, penalty)
    assert (theta >= 0).all()
    step = 1e-4
    for word in range(6):
        move = step * np.eye(6)[word]
        up = (loss(theta + move, bias, z, gold, penalty) - loss(theta, bias, z, gold, penalty)) / step
        assert up > -1e-3
        if theta[word] > step:
            down = (loss(theta - move, bias, z, gold, penalty) - loss(theta, bias, z, gold, penalty)) / step
            assert down > -1e-3
    for label in range(3):
        move = step * np.eye(3)[label]
        for side in (move, -move):
            change = loss(theta, bias + side, z, gold, penalty) - loss(theta, bias, z, gold, penalty)
            assert change / step > -1e-3


def test_many_small_steps_end_at_the_same_place():
    log_probs, gold = texts(5)
    z, penalty, target = standardised(log_probs), 0.1, np.eye(3)[gold]
    theta, bias = np.ones(6), np.zeros(3)
    for _ in range(30_000):
        errors = (np.exp(log_softmax((z * theta) @ SHARE + bias)) - target) / len(gold)
        gradient = (z * (errors @ SHARE.T)).sum(axis=0)
        gradient += 2 * penalty / 6 * (theta - theta.mean()) + 2e-3 / 6 * theta.mean()
        theta, bias = np.maximum(theta - 0.2 * gradient, 0), bias - 0.2 * errors.sum(axis=0)
    found_theta, found_bias = solve(z, gold, SHARE, penalty)
    np.testing.assert_allclose(found_theta, theta, atol=0.02)
    np.testing.assert_allclose(found_bias, bias, atol=0.02)
    assert loss(found_theta, found_bias, z, gold, penalty) == pytest.approx(
        loss(theta, bias, z, gold, penalty), abs=1e-6
    )
    assert (found_theta == 0).tolist() == (theta == 0).tolist()


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 9))
def test_blocks_are_the_dense_products(seed, n_labels, n):
    rng = np.random.default_rng(seed)
    label_of = rng.integers(0, n_labels, rng.integers(1, 12))  # some labels may have no word
    member = np.eye(n_labels)[label_of]
    share = member / np.maximum(member.sum(axis=0), 1)
    z, theta = rng.normal(size=(n, len(label_of))), rng.normal(size=len(label_of))
    errors = rng.normal(size=(n, n_labels))
    blocks = LabelBlocks.of(z, share)
    np.testing.assert_allclose(blocks.scores(theta), (z * theta) @ share, atol=1e-12)
    np.testing.assert_allclose(blocks.gradient(errors), (z * (errors @ share.T)).sum(axis=0), atol=1e-12)
    norms = [np.linalg.norm(z * share[:, label], 2) for label in range(n_labels)]
    assert blocks.curvature == pytest.approx(max(norms) ** 2 / (2 * n))


def test_many_texts_and_words_take_three_penalties_and_one_round(monkeypatch):
    log_probs, gold = texts(1)
    monkeypatch.setattr(weights_module, "_LARGE", log_probs.size)
    assert list(learn_weights(log_probs, gold, LABEL_OF, 3).penalties) == list(LAMBDAS)
    monkeypatch.setattr(weights_module, "_LARGE", log_probs.size - 1)
    assert list(learn_weights(log_probs, gold, LABEL_OF, 3).penalties) == [0.02, 0.1, 1.0]
    given = learn_weights(log_probs, gold, LABEL_OF, 3, penalties=[0.05, 0.5])
    z, folds, totals = standardised(log_probs), stratified_folds(gold), np.zeros(2)
    for fold in range(folds.max() + 1):
        seen = folds != fold
        for i, penalty in enumerate([0.05, 0.5]):
            theta, bias = solve(z[seen], gold[seen], SHARE, penalty)
            rows = log_softmax((z[~seen] * theta) @ SHARE + bias)
            totals[i] += rows[np.arange(len(rows)), gold[~seen]].sum()
    trust = np.exp(totals) / np.exp(totals).sum()
    assert list(given.penalties) == [0.05, 0.5]
    np.testing.assert_allclose(list(given.penalties.values()), trust, rtol=1e-6)


def verbalizer_of(weights) -> tuple[Verbalizer, list[str]]:
    words = [f"w{i}" for i in range(6)]
    answers = tuple(
        tuple(Answer(words[w], float(weights[w])) for w in range(6) if LABEL_OF[w] == y and weights[w] > 0)
        for y in range(3)
    )
    return Verbalizer(("a", "b", "c"), answers, "sum-log"), words


@pytest.mark.parametrize("reference", [False, True])
def test_a_prompt_with_these_weights_says_the_same(reference):
    log_probs, gold = texts(1)
    more = texts(2, n=60)[0] if reference else None
    learned = learn_weights(log_probs, gold, LABEL_OF, 3, more, penalties=[0.1])
    assert dict(learned.penalties) == {0.1: 1.0}
    mean, scale = standardisation(log_probs if more is None else more)
    z = (log_probs - mean) / scale
    theta, bias = solve(z, gold, SHARE, 0.1)
    expected = log_softmax((z * theta) @ SHARE + bias)
    verbalizer, words = verbalizer_of(learned.weights)
    calibration = Calibration("learned", label_offsets=tuple(learned.offsets.tolist()))
    found = apply(calibration, log_probs, layout(verbalizer, words))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_solutions_are_averaged_by_what_they_give_to_held_out_texts():
    log_probs, gold = texts(1)
    learned = learn_weights(log_probs, gold, LABEL_OF, 3, seed=7)
    z, totals = standardised(log_probs), []
    of_first_folds = np.zeros((len(LAMBDAS), len(gold), 3))
    for i, penalty in enumerate(LAMBDAS):
        total = 0.0
        for repeat, seed in enumerate((7, 1007)):
            folds = stratified_folds(gold, seed=seed)
            for fold in set(folds.tolist()):
                seen = folds != fold
                theta, bias = solve(z[seen], gold[seen], SHARE, penalty)
                for text in np.flatnonzero(~seen):
                    row = log_softmax((z[text] * theta) @ SHARE + bias)
                    total += row[gold[text]] / 2
                    if repeat == 0:
                        of_first_folds[i, text] = np.exp(row)
        totals.append(total)
    trust = np.exp(totals) / np.exp(totals).sum()
    assert list(learned.penalties) == list(LAMBDAS)
    np.testing.assert_allclose(list(learned.penalties.values()), trust, rtol=1e-6)
    assert learned.held_out is not None
    np.testing.assert_allclose(np.exp(learned.held_out), np.tensordot(trust, of_first_folds, 1), rtol=1e-6)


def test_a_word_that_contradicts_its_label_gets_nothing():
    log_probs, gold = texts(0, n=90)
    learned = learn_weights(log_probs, gold, LABEL_OF, 3)
    assert learned.weights[1] == 0
    assert np.delete(learned.weights, 1).min() > 0


def test_with_a_great_penalty_all_words_weigh_alike():
    log_probs, gold = texts(0)
    weights = learn_weights(log_probs, gold, LABEL_OF, 3, penalties=[1e6]).weights
    level = weights * log_probs.std(axis=0) / SHARE.sum(axis=1)
    np.testing.assert_allclose(level, level[0], rtol=1e-3)


def test_a_label_all_of_whose_words_contradict_it_keeps_them_alike():
    rng = np.random.default_rng(0)
    gold = np.arange(60) % 2
    label_of = np.array([0, 0, 1, 1])
    signal = np.where(label_of == 0, -1.0, 1.0) * (label_of == gold[:, None])
    log_probs = rng.normal(size=(60, 4)) * 0.3 + 3 * signal - 6
    # What is left when label 1 has everything: words of label 0 get no weight for what they are worth.
    weights = learn_weights(log_probs, gold, label_of, 2).weights
    level = weights[:2] * log_probs[:, :2].std(axis=0)
    assert level[0] == pytest.approx(level[1])
    assert (weights[:2] > 0).all()


def test_one_example_a_class():
    log_probs, gold = texts(0, n=3)
    learned = learn_weights(log_probs, gold, LABEL_OF, 3)
    assert learned.held_out is None
    assert dict(learned.penalties) == dict.fromkeys(LAMBDAS[:-1], 0.0) | {LAMBDAS[-1]: 1.0}
    verbalizer, words = verbalizer_of(learned.weights)
    calibration = Calibration("learned", label_offsets=tuple(learned.offsets.tolist()))
    assert apply(calibration, log_probs, layout(verbalizer, words)).argmax(axis=1).tolist() == [0, 1, 2]


def test_a_word_that_never_moves_does_no_harm():
    log_probs, gold = texts(0)
    log_probs[:, 2] = -4.0
    learned = learn_weights(log_probs, gold, LABEL_OF, 3)
    assert np.isfinite(learned.weights).all()
    assert np.isfinite(learned.offsets).all()


def test_the_seed_alone_decides():
    log_probs, gold = texts(4)
    a, b = (learn_weights(log_probs, gold, LABEL_OF, 3, seed=3) for _ in range(2))
    np.testing.assert_array_equal(a.weights, b.weights)
    assert a.penalties == b.penalties
