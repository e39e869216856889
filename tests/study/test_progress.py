"""What the study knows: the objective, summaries, and how it stands."""

from __future__ import annotations

import json
import math

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from promptsearch.scoring import Evaluation, evaluate
from promptsearch.study.pools import Group
from promptsearch.study.progress import SUMMARY, Summary, standing, summary_of, value_of
from promptsearch.study.schedule import Tried
from tests.study.trials import figures, trial

MANUAL, MINING = Group("a", "manual"), Group("a", "mining")


def evaluation(right: int, n: int, sure: float) -> Evaluation:
    """Figures of answers, each with the same probability of the label that was chosen."""
    return figures(right, n, sure)


sized = st.integers(1, 60).flatmap(
    lambda n: st.tuples(st.just(n), *(st.tuples(st.integers(0, n), st.floats(0.501, 0.999)) for _ in "ab"))
)


@given(sized)
def test_one_example_more_counts_more_than_any_likelihood(drawn):
    n, one, other = drawn
    first, second = evaluation(one[0], n, one[1]), evaluation(other[0], n, other[1])
    values = value_of(first, "accuracy"), value_of(second, "accuracy")
    if first.accuracy != second.accuracy:
        assert (values[0] > values[1]) == (first.accuracy > second.accuracy)
    elif not math.isclose(first.log_likelihood, second.log_likelihood):
        assert (values[0] > values[1]) == (first.log_likelihood > second.log_likelihood)
    assert 0 <= values[0] - first.accuracy < 1 / n


def test_the_value_by_hand():
    # 7 of 10 right at 0.8: geometric mean probability 0.8^0.7 * 0.2^0.3
    assert value_of(evaluation(7, 10, 0.8), "accuracy") == pytest.approx(
        0.7 + 0.0999 * 0.8**0.7 * 0.2**0.3, abs=1e-12
    )


def test_what_has_no_likelihood_has_a_value():
    nothing = evaluate(np.full((4, 2), np.nan), [0, 1, 0, 1])
    assert value_of(nothing, "accuracy") == 0.0


def test_a_summary_is_of_the_combination_that_does_best_on_train():
    trials = [
        trial("a", train=5, dev=9),
        trial("a", train=8, dev=4, method="pmi"),
        trial("a", train=8, dev=2),
    ]
    found = summary_of(trials, "accuracy", 1.5, 640.0, 9.0, 64)
    assert found.template == "{text} a {mask}"
    assert (found.combinations, found.train[0], found.dev[0]) == (3, 0.8, 0.4)
    assert (found.seconds, found.work, found.at, found.examples) == (1.5, 640.0, 9.0, 64)


def test_a_summary_is_json_whatever_its_figures():
    found = Summary("{text} {mask}", 1, (0.5, -math.inf), (math.nan, -1.0), 1.23456789, 10.0, 2.345)
    record = json.loads(json.dumps(found.record(), allow_nan=False))
    assert record["train"] == [0.5, None]
    assert record["dev"] == [None, -1.0]
    assert (record["seconds"], record["at"], record["examples"]) == (1.2346, 2.35, None)


def add(
    study: optuna.Study,
    group: Group,
    number: int,
    state: TrialState,
    value: float | None = None,
    summary: Summary | None = None,
) -> None:
    choices: dict[str, BaseDistribution] = {
        "plm": CategoricalDistribution(["a"]),
        "engine": CategoricalDistribution(["manual", "mining"]),
        group.parameter: IntDistribution(0, 9),
    }
    made = create_trial(
        state=state,
        value=value,
        params={"plm": group.plm, "engine": group.engine, group.parameter: number},
        distributions=choices,
        user_attrs={} if summary is None else {SUMMARY: summary.record()},
    )
    study.add_trial(made)


def summary(dev: float, seconds: float, work: float, examples: int | None = None) -> Summary:
    return Summary("{text} {mask}", 1, (0.5, -0.7), (dev, -0.7), seconds, work, 0.0, examples)


@pytest.fixture
def study() -> optuna.Study:
    """Finished, left early, rejected, failed, running, and waiting."""
    made = optuna.create_study(direction="maximize")
    add(made, MANUAL, 0, TrialState.COMPLETE, 0.75, summary(0.7, 2.0, 100.0))
    add(made, MANUAL, 1, TrialState.PRUNED, summary=summary(0.4, 1.0, 50.0, 64))
    add(made, MANUAL, 2, TrialState.PRUNED)
    add(made, MANUAL, 3, TrialState.FAIL)
    add(made, MINING, 4, TrialState.RUNNING)
    made.enqueue_trial({"plm": "a", "engine": "mining", MINING.parameter: 7})
    return made


def test_how_a_study_stands(study):
    found = standing(study, [MANUAL, MINING], by_time=True)
    assert found.taken == {MANUAL: {0, 1, 2}, MINING: {4, 7}}
    assert found.tried == {MANUAL: Tried((0.75, 0.4), (2.0, 1.0)), MINING: Tried()}
    assert (found.evaluations, found.running, found.waiting) == (2, 1, 1)


def test_costs_are_work_where_no_clock_may_change_what_is_tried(study):
    assert standing(study, [MANUAL], by_time=False).tried[MANUAL].costs == (100.0, 50.0)


def test_other_groups_do_not_count(study):
    found = standing(study, [MINING], by_time=True)
    assert (set(found.taken), found.evaluations) == ({MINING}, 0)
