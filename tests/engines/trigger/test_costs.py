"""Costs of label scores, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from promptsearch.engines.trigger.costs import Costs

# Two labels; p(gold) is 1/2, 3/4 and 1/5.
SCORES = torch.tensor([[0.0, 0.0], [0.0, math.log(3)], [math.log(4), 0.0]], dtype=torch.float64)
GOLD = np.array([0, 1, 1])


def costs(objective: str = "likelihood", balanced: bool = False, calibrated: bool = False) -> Costs:
    return Costs.of(objective, GOLD, balanced, calibrated)


def test_likelihood_is_what_the_gold_label_lacks():
    found = costs().of_examples(SCORES)
    assert found.tolist() == pytest.approx([math.log(2), math.log(4 / 3), math.log(5)])
    assert float(costs().loss(found)) == pytest.approx(math.log(2 * 4 / 3 * 5) / 3)


def test_margin_ends_where_the_gold_label_leads_by_a_nat():
    found = costs("margin").of_examples(SCORES)
    assert found.tolist() == pytest.approx([1.0, 0.0, 1 + math.log(4)])


def test_margin_is_to_the_best_of_the_other_labels():
    scores = torch.tensor([[0.5, 0.2, 0.9]], dtype=torch.float64)
    found = Costs.of("margin", np.array([0]), False, False).of_examples(scores)
    assert found.tolist() == pytest.approx([1.4])


def test_mellowmax_lies_between_the_mean_and_the_worst():
    mellow = costs("mellowmax")
    loss = float(mellow.loss(mellow.of_examples(SCORES)))
    assert loss == pytest.approx(math.log((2 + 4 / 3 + 5) / 3))
    assert float(costs().loss(costs().of_examples(SCORES))) < loss < math.log(5)


@pytest.mark.parametrize("objective", ["likelihood", "margin", "mellowmax"])
def test_balanced_classes_weigh_alike(objective):
    """The one example of label 0 weighs as much as the two of label 1 together."""
    balanced, plain = costs(objective, balanced=True), costs(objective).of_examples(SCORES)
    expected = (plain[0] + (plain[1] + plain[2]) / 2) / 2
    found = balanced.of_examples(SCORES).mean()
    assert float(found) == pytest.approx(float(expected))


def test_what_moves_all_examples_alike_changes_nothing_when_calibrated():
    shifted = SCORES + torch.tensor([3.0, 0.0])
    exact = costs(calibrated=True)
    assert float(exact.loss(exact.of_examples(shifted))) == pytest.approx(
        float(exact.loss(exact.of_examples(SCORES))), abs=0.15
    )
    plain = costs()
    assert float(plain.loss(plain.of_examples(shifted))) > float(plain.loss(plain.of_examples(SCORES))) + 1


def test_calibrated_labels_are_divided_by_their_mean_probability():
    """Mean probabilities are 0.5 + 0.25 + 0.8 and 0.5 + 0.75 + 0.2, each over three."""
    means = np.array([1.55, 1.45]) / 3
    p = np.array([[0.5, 0.5], [0.25, 0.75], [0.8, 0.2]]) / means
    p /= p.sum(axis=1, keepdims=True)
    found = costs(calibrated=True).of_examples(SCORES)
    assert found.tolist() == pytest.approx((-np.log(p[[0, 1, 2], GOLD])).tolist())


def test_some_rows_are_those_rows_of_many_triggers():
    many = torch.stack([SCORES, SCORES * 2])
    found = costs().of_examples(many[:, [2, 0]], [2, 0])
    assert found.shape == (2, 2)
    assert torch.equal(found, costs().of_examples(many)[:, [2, 0]])


@pytest.mark.parametrize("calibrated", [False, True])
def test_examples_drawn_by_class_stand_for_all(calibrated):
    """Of three of label 1 one is drawn, with the scores that all of them have."""
    gold, scores = np.array([0, 1, 1, 1]), torch.stack([SCORES[0], *[SCORES[2]] * 3])
    for balanced in (False, True):
        whole = Costs.of("likelihood", gold, balanced, calibrated)
        drawn = whole.on([0, 2])
        expected = float(whole.loss(whole.of_examples(scores)))
        assert float(drawn.loss(drawn.of_examples(scores[[0, 2]]))) == pytest.approx(expected)


def test_a_class_that_is_not_drawn_weighs_nothing():
    drawn = costs().on([1, 2])
    assert drawn.weights.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("objective", ["likelihood", "margin", "mellowmax"])
@pytest.mark.parametrize("calibrated", [False, True])
def test_the_gradient_is_the_derivative(objective, calibrated):
    judged = Costs.of(objective, GOLD, True, calibrated)
    gradient = judged.gradient(SCORES)
    for i in range(3):
        for label in range(2):
            step = torch.zeros_like(SCORES)
            step[i, label] = 1e-6
            up, down = (float(judged.loss(judged.of_examples(SCORES + s))) for s in (step, -step))
            assert float(gradient[i, label]) == pytest.approx((up - down) / 2e-6, abs=1e-5)


def test_accuracy_counts_the_best_label():
    assert costs().accuracy(SCORES) == pytest.approx(2 / 3)
