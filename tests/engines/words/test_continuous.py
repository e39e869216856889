"""Fits of readouts: optimal, reproducible, and no worse than what they start from."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from promptsearch.engines.words.continuous import fit_nearest, fit_prototypes, fit_soft, word_vectors
from promptsearch.engines.words.continuous.choosing import simplest
from promptsearch.engines.words.continuous.prototypes import contrastive_loss
from promptsearch.scoring.logspace import log_softmax


def clouds(n: int, d: int = 20, gap: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """States of three classes, each around a point of its own; one component never varies."""
    rng = np.random.default_rng(seed)
    gold = np.arange(n) % 3
    states = rng.normal(size=(n, d)) * 5 + 3
    states[:, :3] += 5 * gap * np.eye(3)[gold]
    states[:, -1] = 7
    return states.astype(np.float32), gold


TRAIN, TEST = clouds(48, gap=3.0), clouds(300, gap=3.0, seed=1)
UNIFORM = np.log(np.full((48, 3), 1 / 3))


def accuracy(scores: np.ndarray, gold: np.ndarray) -> float:
    return float((scores.argmax(axis=1) == gold).mean())


# Choosing --------------------------------------------------------------------------------------------


def test_the_simplest_within_the_error():
    best = np.array([-1.0, -2.0, -1.0, -2.0])
    # Worse by 0.1 on average; differences 0.3, -0.1, 0.3, -0.1 have a standard error of 0.2309 / 2.
    near = best - np.array([0.3, -0.1, 0.3, -0.1])
    assert simplest([near, best], errors=1.0) == 0
    assert simplest([near, best], errors=0.8) == 1
    assert simplest([best - 1, near, best], errors=1.0) == 1
    assert simplest([best, best], errors=0.0) == 0


# Soft ------------------------------------------------------------------------------------------------


def objective(vectors, bias, states, gold, start, penalty) -> float:
    """The docstring's equation, read literally."""
    scale = np.where(states.std(axis=0) > 0, states.std(axis=0), 1)
    log_probs = log_softmax(states @ vectors.T + bias)
    fit = -np.mean([log_probs[i, label] for i, label in enumerate(gold)])
    return fit + penalty / 2 * sum(((scale * (v - w)) ** 2).sum() for v, w in zip(vectors, start))


@pytest.mark.parametrize("penalty", [0.01, 1.0, 100.0])
def test_no_step_away_from_the_soft_verbalizer_is_better(penalty):
    states, gold = clouds(30, d=6)
    rng = np.random.default_rng(0)
    start = rng.normal(size=(3, 6)) / 10
    readout = fit_soft(states, gold, 3, start, penalties=[penalty]).readout
    vectors, bias = readout.vectors.astype(float), readout.bias.astype(float)
    found = objective(vectors, bias, states.astype(float), gold, start, penalty)
    for step in (1e-1, 1e-2):
        for _ in range(20):
            other = vectors + step * rng.normal(size=vectors.shape), bias + step * rng.normal(size=3)
            assert objective(*other, states.astype(float), gold, start, penalty) > found


def test_a_great_penalty_stays_with_the_words_but_balances_labels():
    states, gold = TRAIN
    start = np.random.default_rng(1).normal(size=(3, 20)) / 50
    readout = fit_soft(states, gold, 3, start, penalties=[1e4]).readout
    np.testing.assert_allclose(readout.vectors, start, atol=1e-4)
    # At the optimum of free biases the mean probability of each label is its share of the examples.
    np.testing.assert_allclose(np.exp(readout.label_scores(states)).mean(axis=0), 1 / 3, atol=1e-3)


def test_what_no_state_shows_stays_at_the_start():
    states, gold = clouds(9, d=40)
    start = np.random.default_rng(2).normal(size=(3, 40))
    found = fit_soft(states, gold, 3, start, penalties=[0.1]).readout.vectors
    scale = np.where(states.std(axis=0) > 0, states.std(axis=0), 1)
    moved = (found - start) * scale
    seen = (states - states.mean(axis=0)) / scale
    # The movement is a combination of the states.
    combination = np.linalg.lstsq(seen.T, moved.T, rcond=None)[0]
    np.testing.assert_allclose(seen.T @ combination, moved.T, atol=1e-3)


def test_a_good_start_helps():
    states, gold = clouds(12, d=100, gap=1.0)
    test, test_gold = clouds(600, d=100, gap=1.0, seed=1)
    start = np.zeros((3, 100))
    start[:, :3] = np.eye(3) / 5
    with_start = fit_soft(states, gold, 3, start).readout.label_scores(test)
    without = fit_soft(states, gold, 3).readout.label_scores(test)
    assert accuracy(with_start, test_gold) > accuracy(without, test_gold) + 0.1


def test_what_is_held_out_did_not_see_its_label():
    """On labels that say nothing, held-out figures are no better than chance; the fit's own are perfect."""
    rng = np.random.default_rng(3)
    states, gold = rng.normal(size=(60, 80)), np.arange(60) % 2
    fit = fit_soft(states, gold, 2, penalties=[0.01])
    assert accuracy(fit.readout.label_scores(states), gold) == 1
    assert accuracy(fit.held_out, gold) < 0.7


def test_a_class_of_one_example_and_a_class_without():
    states, _ = clouds(7)
    for labels in (np.array([0, 0, 0, 1, 1, 1, 2]), np.array([0, 0, 0, 1, 1, 1, 1])):
        assert np.isfinite(fit_soft(states, labels, 3).readout.label_scores(states)).all()
        assert np.isfinite(fit_prototypes(states, labels, 3).label_scores(states)).all()
        assert np.isfinite(
            fit_nearest(states, labels, UNIFORM[:7]).readout.label_scores(states, UNIFORM[:7])
        ).all()


def test_word_vectors_are_weighted_means():
    embeddings = np.array([[1.0, 0.0], [0.0, 1.0], [4.0, 4.0]])
    found = word_vectors(embeddings, [[1, 3, 0], [0, 0, 2]])
    np.testing.assert_allclose(found, [[0.25, 0.75], [4, 4]])


# Prototypes ------------------------------------------------------------------------------------------


def literal_loss(points, prototypes, gold, temperature) -> float:
    """The docstring's equations, read literally."""

    def near(a, b):
        return math.exp(a @ b / np.linalg.norm(a) / np.linalg.norm(b) / temperature)

    n = range(len(points))
    instances = [
        -math.log(
            near(points[i], points[j])
            / (near(points[i], points[j]) + sum(near(points[i], points[o]) for o in n if gold[o] != gold[i]))
        )
        for i in n
        for j in n
        if i != j and gold[i] == gold[j]
    ]
    own = [near(points[i], prototypes[gold[i]]) for i in n]
    among = [-math.log(own[i] / sum(near(points[i], c) for c in prototypes)) for i in n]
    against = [
        -math.log(
            own[i] / (own[i] + sum(near(points[o], prototypes[gold[i]]) for o in n if gold[o] != gold[i]))
        )
        for i in n
    ]
    return float(np.mean(instances) + np.mean(among) + np.mean(against))


def test_the_contrastive_loss_by_hand():
    points, prototypes = torch.tensor([[2.0, 0.0], [1.0, 0.0], [0.0, 3.0]]), torch.eye(2)
    # Cosines are 1 within a label and 0 between labels. Pairs 0-1 and 1-0 have one text against them.
    one = -math.log(math.e / (math.e + 1))
    prototype = -(2 * math.log(math.e / (math.e + 1)) + math.log(math.e / (math.e + 2))) / 3
    found = contrastive_loss(points, prototypes, torch.tensor([0, 0, 1]), 1.0)
    assert float(found) == pytest.approx(one + one + prototype)


@pytest.mark.parametrize("seed", range(3))
def test_the_contrastive_loss_as_a_loop(seed):
    rng = np.random.default_rng(seed)
    points, prototypes, gold = rng.normal(size=(9, 4)), rng.normal(size=(3, 4)), np.arange(9) % 3
    found = contrastive_loss(*map(torch.as_tensor, (points, prototypes, gold)), 0.3)
    assert float(found) == pytest.approx(literal_loss(points, prototypes, gold, 0.3))


def test_steps_make_the_loss_smaller():
    states, gold = TRAIN

    def loss(steps: int) -> float:
        fit = fit_prototypes(states, gold, 3, steps=steps)
        points = (states - fit.center) @ fit.projection
        return literal_loss(points, fit.prototypes, gold, fit.temperature)

    assert loss(20) < loss(5) < loss(0)


def test_prototypes_tell_classes_apart():
    states, gold = TEST
    assert accuracy(fit_prototypes(*TRAIN, 3).label_scores(states), gold) > 0.8


# Nearest ---------------------------------------------------------------------------------------------


def test_texts_are_not_their_own_neighbours():
    """On labels that say nothing, neighbours are no help, though each text would be its own best one."""
    rng = np.random.default_rng(4)
    states, gold = rng.normal(size=(40, 8)), rng.permutation(np.arange(40) % 2)
    fit = fit_nearest(states, gold, np.log(np.full((40, 2), 0.5)))
    assert fit.readout.mix <= 0.1


def test_words_that_know_everything_are_left_alone():
    states, gold = TRAIN
    for sure in (0.98, 0.4):
        words = np.log(np.where(np.eye(3)[gold] > 0, sure, (1 - sure) / 2))
        fit = fit_nearest(states, gold, words)
        assert (fit.readout.mix, fit.readout.sharpness) == (0, 16)
        np.testing.assert_allclose(fit.held_out, log_softmax(16 * words), atol=1e-12)


def test_words_that_know_nothing_make_room_for_neighbours():
    states, gold = TEST
    fit = fit_nearest(*TRAIN, UNIFORM)
    assert fit.readout.mix >= 0.5
    assert accuracy(fit.readout.label_scores(states, np.zeros((300, 3))), gold) > 0.7


def test_held_out_is_the_readout_without_the_text():
    states, gold = TRAIN
    fit = fit_nearest(states, gold, UNIFORM)
    readout = fit.readout
    for i in range(3):
        others = np.delete(np.arange(48), i)
        rest = type(readout)(
            readout.keys[others],
            gold[others],
            readout.mean,
            readout.scale,
            3,
            readout.k,
            readout.temperature,
            readout.mix,
            readout.sharpness,
        )
        np.testing.assert_allclose(
            rest.label_scores(states[i : i + 1], UNIFORM[:1])[0], fit.held_out[i], atol=1e-4
        )


def test_words_that_cannot_be_scored_do_not_decide():
    states, gold = TRAIN
    words = UNIFORM.copy()
    words[:5] = np.nan
    fit = fit_nearest(states, gold, words)
    assert fit.readout.mix >= 0.5
    assert np.isnan(fit.held_out[:5]).all()


def test_one_text_has_no_neighbours():
    with pytest.raises(ValueError, match="two texts or more, not 1"):
        fit_nearest(np.ones((1, 4)), [0], [[0.0, 0.0]])


@pytest.mark.parametrize(
    "fit",
    [
        lambda: fit_soft(*TRAIN, 3, seed=3).readout,
        lambda: fit_prototypes(*TRAIN, 3, seed=3),
        lambda: fit_nearest(*TRAIN, UNIFORM).readout,
    ],
)
def test_the_same_twice(fit):
    words = np.zeros((300, 3))
    np.testing.assert_array_equal(fit().label_scores(TEST[0], words), fit().label_scores(TEST[0], words))
