"""The simulated races: the model does what it says, and the rules keep their error and their budget."""

import numpy as np
import pytest

from promptsearch.bench.racing import Figures, measure, race_over, rendered, resampled, simulate, simulated
from promptsearch.scoring import wilson
from promptsearch.scoring.race_records import RaceRules


def test_simulated_candidates_have_their_accuracy():
    figures = simulate(20, 20_000, np.random.default_rng(0))
    assert figures.correct.mean(axis=1) == pytest.approx(figures.true, abs=0.02)
    assert figures.true.min() > 0.47
    assert figures.true.max() < 0.86


def test_correctness_is_shared_and_log_likelihood_ranks_otherwise():
    figures = simulate(40, 4000, np.random.default_rng(1))
    assert np.corrcoef(figures.correct[0], figures.correct[1])[0, 1] > 0.1
    assert ((figures.log_likelihood > np.log(0.5)) == figures.correct).all()
    ranks = np.corrcoef(figures.true, figures.log_likelihood.mean(axis=1))[0, 1]
    assert 0.3 < ranks < 0.95


def test_an_exhaustive_race_loses_nothing_and_costs_all():
    summary = simulated(5, 40, RaceRules(level=0, share=None), races=10)
    assert (summary.within, summary.loss, summary.share, summary.left) == (1.0, 0.0, 1.0, 0.0)


def test_races_within_the_budget_find_a_winner_as_good():
    """200 races at the default rules: within 1 point of the exhaustive winner at 35 % of its cost."""
    summary = simulated(50, 256, RaceRules(), races=200)
    assert summary.within >= 0.95
    assert summary.most <= 0.35


@pytest.mark.parametrize("by", ["accuracy", "log-likelihood"])
def test_of_equal_candidates_a_given_one_leaves_at_most_at_the_level(by):
    """The bound in the docstring of racing: 0.2 here, so that a rule that is too lax is seen."""
    rules = RaceRules(by=by, level=0.2, share=None)
    races = 300 if by == "accuracy" else 100
    if by == "accuracy":
        summary = simulated(5, 200, rules, races, equal=True)
    else:
        summary = measure(equally_calibrated, rules, races)
    assert wilson(round(summary.first_left * races), races).low <= 0.2
    assert wilson(round(summary.best_left * races), races).low <= 0.2
    assert summary.left > 0


def equally_calibrated(rng):
    margin = rng.normal(size=(4, 100)) + rng.normal(size=100) + 1
    return Figures(-np.logaddexp(0, -margin), margin > 0, rng.permutation(np.arange(100) % 2))


def test_races_among_measured_figures_draw_candidates():
    figures = simulate(30, 100, np.random.default_rng(2))
    measured = Figures(figures.log_likelihood, figures.correct, figures.gold)
    summary = resampled(measured, 8, RaceRules(share=None), races=5)
    assert (summary.candidates, summary.examples, summary.races) == (8, 100, 5)
    assert np.isnan(summary.true_loss)


def test_loss_is_counted_on_all_examples():
    correct = np.array([[True] * 10, [True] * 9 + [False]])
    figures = Figures(np.full((2, 10), -0.5), correct, np.zeros(10, dtype=int), np.array([0.9, 0.8]))
    result, outcome = race_over(figures, RaceRules(first=4, share=None), seed=0)
    assert result.winner == 0
    assert (outcome.loss, outcome.true_loss) == (0, 0)


def test_a_table_has_a_row_a_setting():
    table = rendered([simulated(3, 20, RaceRules(), races=2), simulated(4, 20, RaceRules(), races=2)])
    assert len(table.splitlines()) == 4
