"""First-order scores against derivatives and brute force."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from promptsearch.engines.trigger.swaps import promised_losses, ranked_swaps, swap_scores
from promptsearch.verbalizer import Verbalizer
from tests.engines.trigger.small import MASKED, PREFIX, allowed_on, small_plm, small_reading

PLMS = [
    ("bert", MASKED),
    ("roberta", MASKED),
    ("gpt2", PREFIX),
    ("qwen", PREFIX),
    ("t5-gated", MASKED),
    ("bart", MASKED),
]
FILLING = (40, 41, 42)
THREE = Verbalizer.of([["bad"], ["good"], ["film"]], ("neg", "pos", "other"))


def loss_at(reading, vectors: torch.Tensor) -> float:
    rows = list(range(reading.n))
    scores = torch.cat([reading.labels.scores(reading.reader.read_vectors(vectors, [row])) for row in rows])
    return float(reading.costs.loss(reading.costs.of_examples(scores.detach().double())))


@pytest.mark.parametrize(("plm", "template"), PLMS)
@pytest.mark.parametrize(
    ("words", "options"),
    [
        (None, {}),
        (None, {"calibrated": True}),
        (None, {"objective": "mellowmax"}),
        (THREE, {"objective": "margin"}),
    ],
)
def test_the_gradient_is_the_derivative_of_the_loss(plm, template, words, options):
    reading = small_reading(plm, template, **({"verbalizer": words} if words else {}), **options)
    rows = list(range(reading.n))
    slopes = reading.slopes(FILLING, rows)
    gradient = slopes.gradient(reading.costs.gradient(slopes.scores.double()))
    base = reading.embeddings(FILLING)
    generator = torch.Generator().manual_seed(0)
    for place in range(3):
        direction = torch.zeros_like(base)
        direction[place] = torch.randn(base.shape[1], generator=generator)
        direction /= direction.norm()
        step = 1e-2 * base[place].norm()
        up, down = loss_at(reading, base + step * direction), loss_at(reading, base - step * direction)
        expected = (up - down) / (2 * float(step))
        found = float((gradient * direction).sum())
        assert found == pytest.approx(expected, rel=0.02, abs=2e-3 * float(gradient.norm()))


@pytest.mark.parametrize(("plm", "template"), PLMS)
def test_slopes_around_a_vector_are_those_at_it(plm, template):
    """Each place for itself, the others as they are."""
    reading = small_reading(plm, template, THREE)
    rows = list(range(reading.n))
    point = reading.reader.matrix.float().mean(dim=0)
    for place, slopes in enumerate(reading.slopes_around(FILLING, point, rows)):
        vectors = reading.embeddings(FILLING)
        vectors[place] = point
        scores = reading.labels.scores(reading.reader.read_vectors(vectors, rows)).detach()
        assert torch.allclose(slopes.scores, scores, atol=1e-5)
        step = torch.randn(len(point), generator=torch.Generator().manual_seed(place))
        step *= 0.01 * reading.reader.matrix.norm(dim=1).mean() / step.norm()
        ends = []
        for sign in (1, -1):
            vectors[place] = point + sign * step
            ends.append(reading.labels.scores(reading.reader.read_vectors(vectors, rows)).detach())
        change = (ends[0] - ends[1]) / 2
        change = change[:, 1:] - change[:, :1]
        predicted = slopes.slopes[:, :, 0] @ step
        assert torch.allclose(change, predicted, atol=0.03 * float(change.abs().max()))


def test_slopes_do_not_depend_on_what_is_read_together():
    whole, parts = small_reading("bert", MASKED), small_reading("bert", MASKED)
    parts.reader.gradient_budget.tokens = 40
    rows = [7, 0, 3, 9]
    for one, other in zip(
        whole.slopes_around(FILLING, whole.embeddings((50,))[0], rows),
        parts.slopes_around(FILLING, whole.embeddings((50,))[0], rows),
    ):
        assert torch.allclose(one.scores, other.scores, atol=1e-5)
        assert torch.allclose(one.slopes, other.slopes, atol=1e-4)


def test_scores_of_one_gradient_are_its_products_with_the_differences():
    generator = torch.Generator().manual_seed(1)
    matrix, gradient = torch.randn(50, 6, generator=generator), torch.randn(3, 6, generator=generator)
    scores = swap_scores(gradient, matrix, (4, 5, 6), chunk=7)
    for place, old in enumerate((4, 5, 6)):
        for token in range(50):
            expected = -float(gradient[place] @ (matrix[token] - matrix[old]))
            assert scores[place, token] == pytest.approx(expected, abs=1e-5)
    assert np.allclose(scores, swap_scores(gradient, matrix, (4, 5, 6)), atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"calibrated": True}, {"objective": "margin"}])
def test_promised_losses_are_those_of_linear_label_scores(options):
    reading = small_reading("bert", MASKED, THREE, **options)
    rows = [1, 4, 7, 8]
    point = reading.reader.matrix.float().mean(dim=0)
    slopes = reading.slopes_around(FILLING, point, rows)[1]
    costs = reading.costs.on(rows)
    found = promised_losses(slopes, point, reading.reader.matrix, costs)
    for token in (0, 17, 100, len(found) - 1):
        step = reading.embeddings((token,))[0] - point
        scores = slopes.scores.double().clone()
        scores[:, 1:] += (slopes.slopes[:, :, 0] @ step).double()
        expected = float(costs.loss(costs.of_examples(scores)))
        assert found[token] == pytest.approx(expected, abs=1e-4)


def test_the_best_swaps_come_first_and_near_ties_by_token():
    scores = np.array([[0.1, 0.9, 0.3, 0.3], [0.9 - 1e-7, 0.2, 0.3 + 1e-7, -1.0]])
    assert ranked_swaps(scores, np.ones(4, dtype=bool), 8).tolist() == [
        [1, 0], [0, 1], [0, 2], [1, 2], [0, 3], [1, 1], [0, 0], [1, 3],
    ]  # fmt: skip


def test_only_open_swaps_are_ranked():
    scores = np.array([[0.1, 0.9, 0.3], [0.8, 0.2, 0.7]])
    allowed = np.array([[True, False, True], [False, True, True]])
    assert ranked_swaps(scores, allowed, 2).tolist() == [[1, 2], [0, 2]]
    assert len(ranked_swaps(scores, np.zeros(3, dtype=bool), 2)) == 0
    assert len(ranked_swaps(scores, allowed, 0)) == 0


@pytest.mark.parametrize(("plm", "template"), [("bert", MASKED), ("gpt2", PREFIX)])
def test_the_truly_best_swaps_are_among_the_best_on_paper_more_often_than_by_chance(plm, template):
    """Of the best 2 % of all swaps, read one by one, three times as many are promised to be so."""
    reading = small_reading(plm, template, n=6)
    allowed, rows = allowed_on(small_plm(plm)), list(range(reading.n))
    point = reading.reader.matrix[torch.from_numpy(allowed)].float().mean(dim=0)
    filling = tuple(np.random.default_rng(0).choice(allowed, 3).tolist())
    around = reading.slopes_around(filling, point, rows)
    true, promised = [], []
    for place in range(3):
        swaps = [(*filling[:place], token, *filling[place + 1 :]) for token in allowed.tolist()]
        true += [reading.loss(scores) for scores in reading.scores(swaps)]
        losses = promised_losses(around[place], point, reading.reader.matrix, reading.costs)
        promised += losses[allowed].tolist()
    best = np.argsort(true)[: len(true) // 50]
    assert np.isin(best, np.argsort(promised)[: len(promised) // 10]).mean() > 1.5 * 0.1
