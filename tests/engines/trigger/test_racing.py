"""Races of candidates within a step."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from promptsearch.engines.trigger.costs import Costs
from promptsearch.engines.trigger.racing import Rules, race, t_quantile

N = 32
GOLD = np.arange(N) % 2
COSTS = Costs.of("likelihood", GOLD, True, False)


def scores_of(margins: np.ndarray) -> torch.Tensor:
    """Label scores (..., n, 2) whose gold label leads by the margins."""
    scores = np.zeros((*margins.shape, 2))
    np.put_along_axis(scores, np.broadcast_to(GOLD, margins.shape)[..., None], margins[..., None], axis=-1)
    return torch.from_numpy(scores)


def raced(margins: np.ndarray, current: np.ndarray, rules: Rules | None, seed: int = 0, **options):
    """The outcome, and how many pairs were read."""
    everything, read = scores_of(margins), []

    def reading(candidates, rows):
        read.append(len(candidates) * len(rows))
        return everything[list(candidates)][:, list(rows)]

    outcome = race(reading, len(margins), scores_of(current), COSTS, seed, rules, **options)
    return outcome, sum(read)


def losses(margins: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(-margins)).mean(axis=-1)


def drawn(seed: int, candidates: int = 64, spread: float = 0.5, noise: float = 1.0):
    """Margins as swaps have them: examples differ most, swaps move all of them and each by itself."""
    rng = np.random.default_rng(seed)
    easy = rng.normal(0.5, 1.5, N)
    shifts = rng.normal(-0.3, spread, candidates)[:, None]
    return easy + shifts + rng.normal(0, noise, (candidates, N)), easy


def test_without_rules_everything_is_read():
    margins, current = drawn(0, 5)
    outcome, read = raced(margins, current, None)
    assert read == 5 * N
    assert outcome.seen.tolist() == [N] * 5
    assert np.allclose(outcome.gains, losses(current) - losses(margins))
    for candidate, scores in outcome.finished.items():
        assert torch.equal(scores, scores_of(margins)[candidate])


def test_examples_come_back_in_their_order():
    margins, current = drawn(1, 8)
    outcome, _ = raced(margins, current, Rules())
    assert outcome.finished
    for candidate, scores in outcome.finished.items():
        assert torch.equal(scores, scores_of(margins)[candidate])


def test_looks_double_what_is_seen():
    assert Rules().looks(32) == [4, 8, 16, 32]
    assert Rules().looks(256) == [32, 64, 128, 256]
    assert Rules().looks(10) == [4, 10]
    assert Rules().looks(3) == [3]


def test_the_better_half_goes_on():
    """Of 64 candidates 32, 16 and 8 are read on, at a third of the cost."""
    margins, current = drawn(2)
    outcome, read = raced(margins, current - 10, Rules(error=0))
    assert read == 64 * 4 + 32 * 4 + 16 * 8 + 8 * 16
    assert len(outcome.finished) == 8


def test_what_is_plainly_worse_than_the_trigger_it_would_replace_leaves():
    margins, current = drawn(3, 16, noise=0.1)
    outcome, read = raced(margins - 5, current, Rules(keep=1))
    assert outcome.finished == {}
    assert read == 16 * 4
    assert (outcome.gains < -1).all()


def test_a_handicap_counts_like_a_loss():
    margins, current = drawn(4, 2, noise=0.1)
    margins[1] = margins[0] + 0.01
    outcome, _ = raced(margins, current, None, handicaps=np.array([0.0, 0.7]))
    assert outcome.gains[0] - outcome.gains[1] == pytest.approx(0.7, abs=0.02)


def test_under_mellowmax_a_handicap_is_as_much_as_it_takes_off_the_gain():
    """Costs are exponentials there; at a handicap of what it gains a candidate is just not better."""
    judged = Costs.of("mellowmax", GOLD, True, False)
    current = scores_of(np.full(N, -3.0))
    better = scores_of(np.full((1, N), -2.9))
    gain = float(judged.loss(judged.of_examples(current)) - judged.loss(judged.of_examples(better[0])))
    for handicap, stays in ((gain * 0.9, True), (gain * 1.2, False)):
        outcome = race(
            lambda chosen, rows: better[list(chosen)][:, list(rows)],
            *(1, current, judged, 0, Rules(keep=1)),
            handicaps=np.array([handicap]),
        )
        assert bool(outcome.finished) == stays
        assert (outcome.gains[0] > 0) == stays


@pytest.mark.parametrize(("spread", "noise"), [(0.1, 1.0), (0.5, 1.0), (0.5, 2.0)])
def test_the_best_candidate_leaves_by_a_test_no_more_often_than_stated(spread, noise):
    """64 candidates, nearly alike or not; 100 races."""
    error, gone = 0.2, 0
    for seed in range(100):
        margins, current = drawn(seed, spread=spread, noise=noise)
        outcome, _ = raced(margins, current, Rules(error=error, keep=1), seed)
        true = losses(margins)
        gone += true.min() < losses(current) and int(true.argmin()) not in outcome.finished
    assert gone / 100 <= error


def test_halving_keeps_most_of_what_the_best_candidate_brings():
    kept, possible, cost = 0.0, 0.0, 0
    for seed in range(100):
        margins, current = drawn(seed)
        outcome, read = raced(margins, current, Rules(), seed)
        true, now = losses(margins), losses(current)
        possible += max(0.0, now - true.min())
        kept += max([0.0, *(now - true[c] for c in outcome.finished)])
        cost += read
    assert kept / possible > 0.9
    assert cost / (100 * 64 * N) < 0.32


def test_quantiles_of_t():
    """Tables of Student's t."""
    assert t_quantile(0.95, 11) == pytest.approx(1.796, abs=0.01)
    assert t_quantile(0.975, 20) == pytest.approx(2.086, abs=0.01)
    assert t_quantile(0.9333, 1e9) == pytest.approx(1.5011, abs=0.001)
