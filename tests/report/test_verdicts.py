"""What can and cannot be concluded, in sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from promptsearch.compose import PromptEnsemble
from promptsearch.report.verdicts import verdicts
from promptsearch.scoring import Difference
from promptsearch.study.curse import WinnersCurse
from promptsearch.study.details import Details
from promptsearch.study.ensembles import Ensemble
from promptsearch.study.result import Discovery, Draw
from promptsearch.verbalizer import Verbalizer
from tests.study.trials import figures, trial


@pytest.fixture
def clear(found) -> Discovery:
    """A search of which nothing need be said: 190 of 200 on test, no rival, nothing beside."""
    selection = found.selection
    lone = replace(selection, finalists=selection.finalists[:1], alike=(selection.chosen,))
    lone = replace(lone, finalists=(selection.chosen,))
    best = replace(found.best, test=figures(190, 200), shortened=0)
    manual = replace(found.manual, test=figures(150, 200), trial=trial("manual", baseline=True))
    return replace(
        found,
        finalists=(best, manual),
        trials=(best.trial,),
        majority_test=figures(100, 200),
        selection=lone,
        together=None,
        details=Details(),
        ended="done",
    )


def with_alike(discovery: Discovery, n: int, compared: int = 12) -> Discovery:
    chosen = discovery.selection.chosen
    selection = replace(discovery.selection, finalists=(chosen,) * compared, alike=(chosen,) * n)
    return replace(discovery, selection=selection)


def test_nothing_is_said_where_all_is_clear(clear):
    assert verdicts(clear) == []


def test_prompts_that_cannot_be_told_apart_are_counted(clear):
    told = verdicts(with_alike(clear, 3))
    assert told[0] == (
        f"On these {len(clear.task.dev)} dev examples, 3 of 12 compared prompts cannot be told apart from "
        "the best (exact McNemar tests, Holm-corrected at 5 %)."
    )


@pytest.mark.parametrize("metric", ["macro-f1", "mcc"])
def test_what_is_tested_is_said_where_it_is_not_the_metric(clear, metric):
    discovery = replace(with_alike(clear, 3), task=replace(clear.task, metric=metric))
    assert (
        f"(exact McNemar tests on accuracy, not on {metric}, Holm-corrected at 5 %)" in verdicts(discovery)[0]
    )


def test_a_cheaper_prompt_is_told_with_what_it_gives_up(clear):
    best, cheap = trial("best", dev=9, tokens=60), trial("cheap", dev=8, tokens=20)
    selection = replace(
        clear.selection, finalists=(best, cheap), alike=(best, cheap), chosen=cheap, by_cost=True
    )
    told = verdicts(replace(clear, selection=selection))
    assert told[0].endswith("at 5 %); the cheapest of them was chosen.")
    assert told[1] == (
        "Ranked first on dev, where log-likelihood decides among the best, is a prompt with 90.0 % accuracy "
        "there (2 label words, 60.0 tokens a text); the chosen one, with 80.0 % (2 label words, 20.0 tokens "
        "a text), is cheaper, and it is near the best, within one standard error of the paired difference."
    )


def test_what_makes_a_prompt_simpler_is_told(clear):
    many, few = trial("many", dev=9, tokens=20), trial("few", dev=8, tokens=20)
    words = Verbalizer.of({"no": ["bad", "dull"], "yes": ["good"]}, ["no", "yes"])
    many = replace(many, candidate=replace(many.candidate, verbalizer=words))
    selection = replace(clear.selection, finalists=(many, few), alike=(many, few), chosen=few)
    [_, told] = verdicts(replace(clear, selection=selection))[:2]
    assert "90.0 % accuracy there (3 label words, 20.0 tokens a text); the chosen" in told
    assert "with 80.0 % (2 label words, 20.0 tokens a text), is simpler, and it is as likely" in told


def test_the_winners_curse_is_told_with_what_can_be_expected(clear):
    best = replace(clear.best, trial=replace(clear.best.trial, dev=figures(9)))
    details = Details(curse=WinnersCurse(chosen=0.9, expected=0.7))
    told = verdicts(with_alike(replace(clear, finalists=(best,), details=details), 1))
    assert told == [
        "On dev, where it was chosen as the best of 12, the best prompt has 90.0 % (n = 10); on test, which "
        "took no part in the choice, 95.0 % (n = 200). The highest of 12 figures owes part of it to luck: "
        "here it is 90.0 % accuracy, and whichever prompt has the highest on examples drawn from dev has "
        "about 70.0 % on those not drawn."
    ]


def test_luck_is_not_claimed_where_none_is_measured(clear):
    details = Details(curse=WinnersCurse(chosen=0.9, expected=0.9))
    [told] = verdicts(with_alike(replace(clear, details=details), 1))
    assert "luck" not in told


def test_a_small_test_split_is_pointed_out(clear):
    # Wilson at 95 %: 9 of 10 is 59.6 to 98.2.
    small = replace(clear, finalists=(replace(clear.best, test=figures(9)),), majority_test=figures(5))
    assert verdicts(small) == [
        "Test has only 10 examples: the interval of the best prompt is 39 points wide."
    ]


def test_no_better_than_the_majority(clear):
    poor = replace(clear, finalists=(replace(clear.best, test=figures(105, 200)),))
    assert verdicts(poor) == [
        "The best prompt is no better than the majority class, as far as this test split can tell."
    ]


def test_nothing_better_than_the_manual_prompt(clear):
    same = replace(clear.best, role="manual")
    assert verdicts(replace(clear, finalists=(clear.best, same))) == [
        "Nothing better than the manual prompt was found."
    ]


def test_shortened_texts_are_counted(clear):
    best = replace(clear.best, shortened=3)
    assert verdicts(replace(clear, finalists=(best,))) == [
        "3 of 200 test texts were shortened to fit the PLM."
    ]


def ensemble(right: int, to_best: Difference) -> Ensemble:
    members = tuple(trial(f"m{i}", tokens=40) for i in range(3))
    plms, weights = ("minilm-mlm",), (1 / 3,) * 3
    prompt = cast(PromptEnsemble, None)
    test = figures(right, 200)
    return Ensemble(plms, members, weights, figures(9), test, "ensemble.json", prompt, to_best)


@pytest.mark.parametrize(
    ("right", "to_best", "told"),
    [
        (
            196,
            Difference(-0.03, -0.055, -0.005, 0.01),
            "98.0 % on test: 3.0 points better than the best alone (95 % interval 0.5 to 5.5)",
        ),
        (
            194,
            Difference(-0.02, -0.05, 0.01, 0.2),
            "97.0 % on test: not to be told from the best alone "
            "(95 % interval, in points: 1.0 worse to 5.0 better)",
        ),
        (
            170,
            Difference(0.1, 0.05, 0.15, 0.001),
            "85.0 % on test: 10.0 points worse than the best alone (95 % interval 5.0 to 15.0)",
        ),
    ],
)
def test_the_best_together_are_compared_with_the_best_alone(clear, right, to_best, told):
    best = replace(clear.best, trial=replace(clear.best.trial, tokens=30.0, passes=1))
    [said] = verdicts(replace(clear, finalists=(best,), together=ensemble(right, to_best)))
    assert said == (
        f"The 3 prompts that answer best together (ensemble.json) have {told}. They take 120 tokens a text, "
        "the best alone 30 (4.0 times as many)."
    )


def test_draws_are_averaged(clear):
    draws = [
        Draw(seed, replace(clear.best, test=figures(right, 200)), replace(clear.best, test=figures(100, 200)))
        for seed, right in enumerate((160, 180))
    ]
    assert verdicts(replace(clear, draws=tuple(draws))) == [
        "Over 2 draws of train and dev, the best prompt has 85.0 % on test on average (standard deviation "
        "7.1 points), the manual prompt 50.0 %."
    ]
    bare = tuple(replace(draw, manual=None) for draw in draws)
    assert verdicts(replace(clear, draws=bare))[0].endswith("(standard deviation 7.1 points).")


def test_what_there_was_no_time_for_is_told(clear):
    details = Details(left_out=("sensitivity", "transfer"))
    told = verdicts(replace(clear, ended="budget", evaluations=7, details=details))
    assert told == [
        "The budget was spent after 7 templates, before the engines were through: --resume "
        "goes on with more --minutes or --evaluations.",
        "There was no time left for: sensitivity, transfer.",
    ]


def test_what_left_early_is_counted(clear):
    early = replace(trial("early"), left_early=True)
    [told] = verdicts(replace(clear, trials=(clear.best.trial, early)))
    assert told.startswith("1 of 2 combinations left early, when their template was clearly worse")


def test_an_interval_that_ends_at_nothing_has_no_negative_zero(clear):
    [said] = verdicts(replace(clear, together=ensemble(194, Difference(-0.02, -0.05, 0.0, 0.2))))
    assert "not to be told from the best alone (95 % interval, in points: 0.0 better to 5.0 better)" in said
