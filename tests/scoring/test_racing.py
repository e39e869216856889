"""Races: who leaves when, what they cost, and that steps, order and restarts change nothing."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptsearch.errors import OptionError
from promptsearch.scoring.blocks import affordable, block_ends, stratified_order
from promptsearch.scoring.race_records import RaceRules
from promptsearch.scoring.racing import LOWEST, Race, race

TESTS_ONLY = RaceRules(share=None)


class Table:
    """Scores from a table, counting what is asked for."""

    def __init__(self, log_likelihood, correct):
        self.log_likelihood, self.correct, self.asked = np.asarray(log_likelihood), np.asarray(correct), []

    def __call__(self, candidates, examples):
        self.asked.append((tuple(candidates), tuple(examples)))
        cells = np.ix_(candidates, examples)
        return self.log_likelihood[cells], self.correct[cells]


def a_table(k, n, seed=0, spread=1.5):
    rng = np.random.default_rng(seed)
    margins = np.linspace(0, spread, k)[:, np.newaxis] + rng.normal(size=n) + rng.normal(size=(k, n))
    return Table(-np.logaddexp(0, -margins), margins > 0)


def halves(n):
    return np.arange(n) % 2


@given(st.lists(st.integers(0, 3), min_size=1, max_size=80), st.integers(0, 5))
def test_every_prefix_has_the_class_shares(labels, seed):
    gold = np.array(labels)
    order = stratified_order(gold, seed)
    assert sorted(order) == list(range(len(gold)))
    for label in set(labels):
        so_far = np.cumsum(gold[order] == label)
        share = np.arange(1, len(gold) + 1) * (gold == label).mean()
        assert np.abs(so_far - share).max() < 1 + len(set(labels))


def test_prefixes_of_balanced_labels_are_balanced_and_seeds_matter():
    gold = halves(200)
    order = stratified_order(gold, 0)
    assert all(abs(gold[order[:m]].mean() - 0.5) <= 2 / m for m in (8, 16, 50, 100))
    assert order.tolist() != stratified_order(gold, 1).tolist()


@pytest.mark.parametrize(
    ("n", "first", "growth", "share", "ends"),
    [
        (100, 10, 2.0, None, (10, 20, 40, 80, 100)),
        (5, 10, 2.0, None, (5,)),
        (4, 1, 1.1, None, (1, 2, 3, 4)),
        (64, None, 2.0, None, (4, 8, 16, 32, 64)),
        (320, None, 4.0, 0.35, (20, 80, 320)),
        (64, None, 4.0, 0.1, (3, 12, 48, 64)),
    ],
)
def test_blocks_grow_to_the_end(n, first, growth, share, ends):
    assert block_ends(n, first, growth, share) == ends


def test_affordable_by_hand():
    # 8 racers, two blocks of 10: falling by half to 4 and 2 costs 60
    assert affordable(8, 0, [10, 10], 60) == 4
    assert affordable(8, 0, [10, 10], 160) == 8
    assert affordable(8, 0, [10, 10], 19) == 1  # two racers through one block cost 20
    assert affordable(8, 2, [10, 10], 100) == 4  # two others go along


@given(st.integers(2, 12), st.integers(8, 90), st.integers(0, 200), st.sampled_from([0.2, 0.35, 0.7]))
def test_never_over_budget(k, n, seed, share):
    table = a_table(k, n, seed)
    result = race(table, k, halves(n), RaceRules(share=share), seed, protected=[0])
    assert result.evaluations == sum(len(c) * len(e) for c, e in table.asked) <= share * k * n + 1e-9
    assert 0 in result.standing


def test_without_rules_to_leave_by_everything_is_scored():
    table = a_table(6, 50)
    result = race(table, 6, halves(50), RaceRules(level=0, share=None))
    assert result.evaluations == 300
    assert result.departures == ()
    assert result.winner == int(table.correct.mean(axis=1).argmax())
    assert result.accuracies == pytest.approx(table.correct.mean(axis=1).tolist())
    assert result.log_likelihoods == pytest.approx(table.log_likelihood.mean(axis=1).tolist())


def test_equal_candidates_all_stay_and_cost_everything():
    table = Table(np.full((5, 40), -0.5), np.tile(halves(40) == 0, (5, 1)))
    result = race(table, 5, halves(40), TESTS_ONLY, costs=[3, 2, 1, 2, 3])
    assert result.standing == (2, 1, 3, 0, 4)  # fewer tokens first
    assert result.evaluations == 200


def test_one_candidate_runs_no_race():
    result = race(a_table(1, 20), 1, halves(20))
    assert (result.winner, result.evaluations) == (0, 0)


def test_a_hopeless_candidate_leaves_when_the_sign_test_says_so():
    # Right everywhere against wrong everywhere, 2 candidates, looks after 4, 8, 16, 32 of 64: the level at
    # each is 0.05 / 4 = 0.0125, which 2**-4 misses and 2**-8 reaches.
    table = Table(np.tile([[-0.1], [-3.0]], 64), np.tile([[True], [False]], 64))
    result = race(table, 2, halves(64), RaceRules(share=None, first=4, growth=2))
    (departure,) = result.departures
    assert (departure.candidate, departure.leader, departure.after) == (1, 0, 8)
    assert departure.p_value == pytest.approx(2**-8)
    assert (departure.reason, result.evaluations, result.seen) == ("worse", 16, (8, 8))


def test_a_candidate_that_cannot_catch_up_leaves():
    # Behind by 3 with 2 to come: no test finds that, but the race on these 8 examples is lost.
    correct = np.array([[True] * 8, [True] * 3 + [False] * 3 + [True] * 2])
    start = Race(2, np.zeros(8), RaceRules(share=None, first=6, growth=1.5))
    heat = start.ask()
    start.tell(np.full((2, 6), -0.5), correct[:, :6])
    assert heat.candidates == (0, 1)
    assert [(d.candidate, d.reason, d.p_value) for d in start.result().departures] == [(1, "behind", 0.0)]
    assert start.ask() is None


def test_the_protected_candidate_stays_however_bad():
    table = Table(np.tile([[-0.1], [-3.0], [-3.0]], 64), np.tile([[True], [False], [False]], 64))
    result = race(table, 3, halves(64), TESTS_ONLY, protected=[2])
    assert result.standing == (0, 2)
    assert result.seen[0] == result.seen[2] == result.seen[1] < 64


def test_log_likelihood_breaks_ties_of_accuracy_and_the_other_way_round():
    right = np.tile([[True, False], [True, False], [True, True]], 10)
    likelihood = np.repeat([[-0.9], [-0.5], [-0.6]], 20, axis=1)
    by_accuracy = race(Table(likelihood, right), 3, halves(20), RaceRules(level=0, share=None))
    by_likelihood = race(
        Table(likelihood, right), 3, halves(20), RaceRules(by="log-likelihood", level=0, share=None)
    )
    assert by_accuracy.standing == (2, 1, 0)
    assert by_likelihood.standing == (1, 2, 0)


def test_a_race_by_log_likelihood_tests_log_likelihoods():
    rng = np.random.default_rng(0)
    likelihood = np.array([[-0.3], [-0.9]]) + rng.normal(0, 0.2, (2, 64))
    right = np.ones((2, 64), dtype=bool)
    assert race(Table(likelihood, right), 2, halves(64), TESTS_ONLY).departures == ()
    rules = RaceRules(by="log-likelihood", share=None)
    assert [d.candidate for d in race(Table(likelihood, right), 2, halves(64), rules).departures] == [1]


def test_what_could_not_be_scored_counts_as_the_lowest():
    likelihood = np.array([[np.nan] * 8, [-np.inf] * 8, [-1.0] * 8])
    result = race(Table(likelihood, np.zeros((3, 8), bool)), 3, halves(8), RaceRules(level=0, share=None))
    assert result.log_likelihoods == (LOWEST, LOWEST, -1.0)


@settings(max_examples=40)
@given(st.permutations(range(7)), st.integers(0, 50), st.sampled_from([None, 0.35]))
def test_the_order_of_candidates_changes_nothing(order, seed, share):
    table, costs = a_table(7, 120, seed), np.arange(7.0)
    moved = Table(table.log_likelihood[order], table.correct[order])
    rules = RaceRules(share=share, level=0.3)
    straight = race(table, 7, halves(120), rules, seed, costs=costs, protected=[2])
    other = race(moved, 7, halves(120), rules, seed, costs=costs[order], protected=[order.index(2)])
    assert tuple(order[c] for c in other.standing) == straight.standing
    assert other.evaluations == straight.evaluations
    assert {order[c] for c in (d.candidate for d in other.departures)} == {
        d.candidate for d in straight.departures
    }


def test_a_race_goes_on_from_its_state_after_every_block():
    table = a_table(12, 150, 4)
    whole = race(table, 12, halves(150), RaceRules(), 3, protected=[1])
    running = Race(12, halves(150), RaceRules(), 3, protected=[1])
    while heat := running.ask():
        running.tell(*table(heat.candidates, heat.examples))
        running = Race.of(json.loads(json.dumps(running.state())))
    assert running.result() == whole
    assert len(whole.departures) > 3


def test_all_see_the_same_examples_and_none_twice():
    table = a_table(10, 100, 2)
    race(table, 10, halves(100), RaceRules())
    examples = [example for _, block in table.asked for example in block]
    assert len(set(examples)) == len(examples)
    for (before, _), (after, _) in zip(table.asked, table.asked[1:]):
        assert set(after) <= set(before)


@pytest.mark.parametrize(
    "wrong", [{"level": 1.0}, {"share": 0.0}, {"share": 1.5}, {"first": 0}, {"growth": 1.0}, {"by": "mcc"}]
)
def test_impossible_rules_are_refused(wrong):
    with pytest.raises(OptionError):
        RaceRules(**wrong)


def test_a_first_block_beyond_the_budget_is_refused():
    with pytest.raises(OptionError, match="first block of 40"):
        Race(3, halves(100), RaceRules(first=40, share=0.35))


def test_scores_of_another_shape_and_scores_after_the_end_are_refused():
    running = Race(2, halves(4), RaceRules(share=None, first=4))
    with pytest.raises(ValueError, match="scores"):
        running.tell(np.zeros((2, 3)), np.zeros((2, 3)))
    running.tell(np.zeros((2, 4)), np.ones((2, 4)))
    with pytest.raises(ValueError, match="scores"):
        running.tell(np.zeros((2, 4)), np.ones((2, 4)))
