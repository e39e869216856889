"""Two prompts on the same examples: counts by hand, and real prompts on the bundled sample."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from promptsearch import load_prompt
from promptsearch.artefact import CalibrationRecord, VerbalizerRecord
from promptsearch.compose import PromptEnsemble
from promptsearch.errors import DataError, OptionError, TemplateError
from promptsearch.prompt import Prompt
from promptsearch.scoring import Difference
from promptsearch.study.comparing import (
    Agreement,
    agreement_of,
    compare_prompts,
    likelihood_gap,
)
from promptsearch.study.evaluating import searched_splits
from promptsearch.tasks import draw_splits, load_task
from promptsearch.verbalizer import Verbalizer

MANUAL = "{text} It was {mask}."


@pytest.fixture(scope="module")
def task():
    return draw_splits(load_task("reviews"), shots=None, seed=0, max_test=40)


@pytest.fixture(scope="module")
def best(prompt_file, minilm):
    prompt = load_prompt(prompt_file)
    prompt.use(minilm)
    return prompt


@pytest.fixture(scope="module")
def manual(best, minilm):
    """Another template, without calibration."""
    changes = {"template": MANUAL, "calibration": CalibrationRecord()}
    return Prompt(best.document.model_copy(update=changes), _plm=minilm)


@pytest.fixture(scope="module")
def compared(best, manual, task):
    return compare_prompts(best, manual, task)


def test_counts_by_hand():
    labels = np.array([0, 0, 1, 1, 2, 2, 0])
    a = np.array([0, 1, 1, 1, 0, -1, -1])
    b = np.array([0, 0, 1, 2, 0, 1, -1])
    # Right: A at 0, 2, 3; B at 0, 1, 2. The same: 0, 2, 4; what neither could score is no answer.
    assert agreement_of(a, b, labels) == Agreement(both=2, only_a=1, only_b=1, neither=3, same=3)
    assert agreement_of(a, b, labels).n == 7


def test_likelihoods_by_hand():
    log = np.log
    a = np.array([[log(0.8), log(0.2)], [log(0.4), log(0.6)], [log(0.5), log(0.5)], [np.nan, np.nan]])
    b = np.array([[log(0.4), log(0.6)], [log(0.2), log(0.8)], [-np.inf, 0.0], [log(0.5), log(0.5)]])
    found = likelihood_gap(a, b, np.array([0, 0, 0, 1]))
    assert found is not None
    # The last could not be scored by A, and B holds the third to be impossible: twice log 2 is left.
    assert (found.value, found.n) == (pytest.approx(math.log(2)), 2)
    # Of the four patterns of signs two are as extreme: both as they are and both turned.
    assert found.p_value == 0.5
    assert likelihood_gap(a[3:], b[3:], np.array([0])) is None


def test_both_figures_are_those_of_each_alone(compared, best, manual, task):
    from promptsearch import evaluate_prompt

    assert compared.a.prompt == evaluate_prompt(best, task).prompt
    assert compared.b.prompt == evaluate_prompt(manual, task).prompt


def test_counts_agree_with_predictions_one_by_one(compared, best, manual, task):
    texts = [example.values["text"] for example in task.test]
    truth = [task.labels[example.label] for example in task.test]
    a = [prediction.label for prediction in best.predict(texts)]
    b = [prediction.label for prediction in manual.predict(texts)]
    rights = [(x == t, y == t) for x, y, t in zip(a, b, truth)]
    found = compared.agreement
    assert (found.both, found.only_a) == (rights.count((True, True)), rights.count((True, False)))
    assert (found.only_b, found.neither) == (rights.count((False, True)), rights.count((False, False)))
    assert found.same == sum(x == y for x, y in zip(a, b)) < found.n == len(task.test)
    n, m = found.only_a + found.only_b, min(found.only_a, found.only_b)
    assert compared.p_mcnemar == pytest.approx(min(1, 2 * sum(math.comb(n, k) for k in range(m + 1)) / 2**n))
    assert compared.difference.value == pytest.approx((found.only_a - found.only_b) / found.n)


def test_examples_on_which_they_differ_are_those_and_in_turn(compared, best, manual):
    assert 0 < len(compared.differing) <= 5
    for each in compared.differing:
        for prompt, answer in ((best, each.a), (manual, each.b)):
            assert str(prompt.predict(each.values["text"])[0].label) == answer
        assert each.a != each.b
    firsts = [(each.a == each.gold, each.b == each.gold) for each in compared.differing]
    if compared.agreement.only_a and compared.agreement.only_b:
        assert firsts[:2] == [(True, False), (False, True)]


def test_turned_round_only_signs_change(compared, best, manual, task):
    other = compare_prompts(manual, best, task)
    assert other.difference.value == -compared.difference.value
    assert (other.agreement.only_a, other.agreement.only_b) == (
        compared.agreement.only_b,
        compared.agreement.only_a,
    )
    assert other.likelihood.value == pytest.approx(-compared.likelihood.value)
    assert other.costs == compared.costs[::-1]


def test_a_prompt_and_itself_are_alike(best, task):
    found = compare_prompts(best, replace(best), task)
    assert (found.difference.value, found.p_value, found.better, found.needed) == (0, 1, None, None)
    assert (found.agreement.same, found.differing) == (len(task.test), ())


def test_the_verdict_follows_the_test(compared):
    near = Difference(0.05, -0.02, 0.12, 0.2)
    counts = Agreement(both=70, only_a=12, only_b=7, neither=11, same=80)
    alike = replace(compared, difference=near, p_mcnemar=0.36, agreement=counts)
    assert alike.better is None
    # d = 0.19, e = 0.05: (1.959964 * 0.435890 + 0.841621 * sqrt(0.1875))**2 / 0.0025 = 594.6
    assert alike.needed == 595
    ahead = replace(alike, p_mcnemar=0.01)
    assert (ahead.better, ahead.needed) == ("A", None)
    assert replace(ahead, difference=replace(near, value=-0.05)).better == "B"


def test_another_metric_is_judged_by_the_bootstrap(best, manual, task):
    found = compare_prompts(best, manual, task, metric="macro-f1")
    assert found.p_value == found.difference.p_value
    assert found.difference.value == pytest.approx(found.a.prompt.macro_f1 - found.b.prompt.macro_f1)
    assert found.needed is None
    with pytest.raises(OptionError, match="no metric"):
        compare_prompts(best, manual, task, metric="f1")


def test_cost_is_what_goes_through_the_model(compared, best, minilm, task):
    texts = list(task.test)
    own = [minilm.answer_states(prompt, texts).tokens.mean() for prompt in (best.template,)]
    assert compared.costs[0].tokens == pytest.approx(own[0])
    assert compared.costs[0].passes == 1


def test_an_ensemble_costs_what_its_members_do(best, manual, compared, task):
    together = PromptEnsemble.of([best, manual, best], [0.5, 0.5, 0.0])
    found = compare_prompts(best, together, task)
    assert found.costs[1].passes == 2
    assert found.costs[1].tokens == pytest.approx(sum(cost.tokens for cost in compared.costs))


def test_words_of_several_lengths_take_a_pass_each(best, minilm, task):
    words = Verbalizer.of({"negative": "bad", "positive": "a masterpiece"}, best.labels)
    changes = {
        "verbalizer": VerbalizerRecord.from_verbalizer(words),
        "calibration": CalibrationRecord(),
        "template": MANUAL,
    }
    found = compare_prompts(best, Prompt(best.document.model_copy(update=changes), _plm=minilm), task)
    one = minilm.answer_states(load_template(), list(task.test)).tokens.mean()
    assert (found.costs[1].passes, found.costs[1].tokens) == (2, pytest.approx(2 * one))


def load_template():
    from promptsearch.template import Template

    return Template.parse(MANUAL)


def test_what_a_search_has_seen_is_counted_for_each(best, manual):
    loaded = load_task("reviews")
    searched = searched_splits(best, loaded)
    found = compare_prompts(best, manual, searched, "dev", searched=(searched, None))
    assert (found.a.seen, found.b.seen) == (len(searched.dev), None)
    assert found.record()["a"]["seen_in_search"] == len(searched.dev)


def test_other_labels_are_refused(best, minilm, task):
    words = Verbalizer.of({"good": "good", "bad": "bad"}, ["good", "bad"])
    changes = {"verbalizer": VerbalizerRecord.from_verbalizer(words), "calibration": CalibrationRecord()}
    other = Prompt(best.document.model_copy(update=changes), _plm=minilm)
    with pytest.raises(DataError, match="two prompts have different labels") as error:
        compare_prompts(best, other, task)
    assert "A: 'negative', 'positive'\nB: 'good', 'bad'" in str(error.value)


def test_a_field_that_the_task_lacks_is_refused(best, minilm, task):
    changes = {"template": "{headline} It was {mask}.", "task": None}
    other = Prompt(best.document.model_copy(update=changes), _plm=minilm)
    with pytest.raises(TemplateError, match="headline"):
        compare_prompts(best, other, task)


def test_no_examples_are_refused(best, manual, task):
    empty = replace(task, splits={**task.splits, "test": ()}, _fingerprints={})
    with pytest.raises(DataError, match="no labelled test examples"):
        compare_prompts(best, manual, empty)
