"""Which trial is chosen, worked out by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from promptsearch.scoring import evaluate, predict
from promptsearch.study.selection import SCREENED, Selection, screen, select
from promptsearch.study.trial import Trial
from promptsearch.verbalizer import Verbalizer
from tests.study.trials import figures, name_of, trial


def names(trials) -> list[str]:
    return [name_of(found) for found in trials]


def judged(
    name: str, probabilities: list[float], *, train: int = 5, tokens: float = 10, words: int = 2
) -> Trial:
    """A trial that gives the true label of each dev example, by turns no and yes, this probability."""
    labels = np.array([i % 2 for i in range(len(probabilities))])
    found = np.array([[1 - p, p] if label else [p, 1 - p] for p, label in zip(probabilities, labels)])
    own = trial(name, tokens=tokens)
    many = {"no": [f"bad{i}" for i in range(words // 2)], "yes": [f"good{i}" for i in range(words // 2)]}
    verbalizer = Verbalizer.of(many, ["no", "yes"])
    return replace(
        own,
        candidate=replace(own.candidate, verbalizer=verbalizer),
        dev=evaluate(np.log(found), labels),
        dev_correct=predict(found) == labels,
        dev_predictions=predict(found),
        dev_labels=labels,
        dev_likelihoods=np.log(probabilities),
    )


# Screening -------------------------------------------------------------------------------------------


def test_screening_goes_by_train_and_never_by_dev():
    trials = [trial("a", train=5, dev=10), trial("b", train=9, dev=0), trial("c", train=7, dev=5)]
    assert names(screen(trials, "accuracy", most=2)) == ["b", "c"]


def test_where_all_left_early_those_that_were_judged_on_most_are_compared():
    """Their figures are on different examples, which no paired test can compare."""
    soon = replace(trial("soon", train=10, dev=10), left_early=True)
    later = [
        replace(trial(name, train=figures(12, n=20), dev=figures(right, n=20)), left_early=True)
        for name, right in (("later", 13), ("last", 2))
    ]
    found = Selection.of([soon, *later], "accuracy")
    assert sorted(names(found.finalists)) == ["last", "later"]


def fitted(name: str, train: int) -> Trial:
    found = trial(name, train=train)
    return replace(found, candidate=replace(found.candidate, fitted=True))


def test_what_was_fitted_on_train_leaves_half_the_places_to_others():
    flattered = [fitted(f"f{i}", train=9) for i in range(4)]
    others = [trial(f"t{i}", train=8 - i) for i in range(4)]
    assert names(screen([*others, *flattered], "accuracy", most=4)) == ["f0", "f1", "t0", "t1"]
    assert names(screen([*others, *flattered], "accuracy", most=3)) == ["f0", "t0", "t1"]
    assert names(screen([*others[:1], *flattered], "accuracy", most=4)) == ["f0", "f1", "f2", "t0"]
    assert names(screen([*others, *flattered[:1]], "accuracy", most=4)) == ["f0", "t0", "t1", "t2"]
    assert names(screen(flattered, "accuracy", most=3)) == ["f0", "f1", "f2"]


def test_likelihood_screens_before_accuracy():
    bold, modest = figures(7, sure=0.99), figures(6, sure=0.6)
    # 0.7 ln 0.99 + 0.3 ln 0.01 = -1.39 against 0.6 ln 0.6 + 0.4 ln 0.4 = -0.67
    trials = [trial("bold", train=bold), trial("modest", train=modest)]
    assert names(screen(trials, "accuracy", most=1)) == ["modest"]


def test_the_baseline_is_always_screened_in_and_once():
    weak = trial("manual", train=1, baseline=True)
    others = [trial(f"t{i}", train=6) for i in range(3)]
    assert names(screen([weak, *others], "accuracy", most=2)) == ["t0", "t1", "manual"]
    strong = trial("manual", train=9, baseline=True)
    assert names(screen([*others, strong], "accuracy", most=2)) == ["manual", "t0"]


def test_a_calibrated_manual_prompt_is_no_baseline():
    assert not trial("manual", baseline=True, method="batch").is_baseline
    assert trial("manual", baseline=True).is_baseline


def test_what_left_the_race_is_not_compared_where_others_stayed():
    early = replace(trial("early", train=10), left_early=True)
    assert names(screen([early, trial("stayed", train=2)], "accuracy")) == ["stayed"]
    assert names(screen([early], "accuracy")) == ["early"]


def test_only_so_many_reach_dev():
    trials = [trial(f"t{i}", train=6) for i in range(SCREENED + 10)]
    assert len(select(trials, "accuracy")) == SCREENED


# Choosing --------------------------------------------------------------------------------------------


def test_within_one_standard_error_likelihood_decides():
    """One answer of ten more: 0.1 with a standard error of 0.1. Two of ten: 0.2, with 0.1333."""
    ten = judged("ten", [0.55] * 10)
    nine = judged("nine", [0.9] * 9 + [0.45])
    eight = judged("eight", [0.99] * 8 + [0.45] * 2)
    found = Selection.of([ten, nine, eight], "accuracy")
    assert names(found.near) == ["nine", "ten"]
    assert names(found.finalists) == ["nine", "ten", "eight"]
    assert name_of(found.chosen) == "nine"
    assert not found.simpler


def test_beyond_one_standard_error_the_metric_decides():
    good = judged("good", [0.55] * 40)
    sure = judged("sure", [0.999] * 36 + [0.4] * 4)
    # 0.1, with a standard error of 0.048
    assert name_of(Selection.of([sure, good], "accuracy").chosen) == "good"


def test_of_those_as_likely_the_simplest_is_chosen():
    probabilities = [0.8, 0.6] * 10
    other = [0.79, 0.6] * 9 + [0.85, 0.6]
    many = judged("many", probabilities, words=20)
    few = judged("few", other, words=2)
    far = judged("far", [0.6, 0.55] * 10, words=2, tokens=1)
    found = Selection.of([many, few, far], "accuracy")
    assert names(found.finalists)[0] == "many"
    assert name_of(found.chosen) == "few"
    assert found.simpler


def test_by_cost_the_cheapest_near_is_chosen():
    dear = judged("dear", [0.9] * 20, tokens=50)
    cheap = judged("cheap", [0.55] * 19 + [0.45], tokens=5)
    wrong = judged("wrong", [0.9] * 10 + [0.1] * 10, tokens=1)
    assert name_of(Selection.of([dear, cheap, wrong], "accuracy").chosen) == "dear"
    assert name_of(Selection.of([dear, cheap, wrong], "accuracy", by_cost=True).chosen) == "cheap"


def test_equal_likelihood_goes_by_cost_then_by_order():
    trials = [judged("long", [0.7] * 10, tokens=20), judged("short", [0.7] * 10), judged("same", [0.7] * 10)]
    assert names(select(trials, "accuracy")) == ["short", "same", "long"]


def test_differences_below_the_noise_of_batches_do_not_decide():
    trials = [judged("longer", [0.70001] * 10, tokens=20), judged("shorter", [0.7] * 10, tokens=10)]
    assert names(select(trials, "accuracy")) == ["shorter", "longer"]


def test_another_metric_orders_otherwise():
    """Always one class on 16 to 4 is 80 % accurate, with a macro-F1 of 4/9."""
    labels = np.array([0] * 16 + [1] * 4)

    def with_rows(name: str, rows: list[list[float]]) -> Trial:
        found = np.array(rows)
        return replace(
            trial(name),
            dev=evaluate(found, labels),
            dev_correct=predict(found) == labels,
            dev_predictions=predict(found),
            dev_labels=labels,
            dev_likelihoods=found[np.arange(20), labels],
        )

    no, yes = [-0.1, -2.35], [-2.35, -0.1]
    always = with_rows("always", [no] * 20)
    fair = with_rows("fair", [no] * 11 + [yes] * 9)
    assert always.dev.value("macro-f1") == pytest.approx(4 / 9)
    # 11 of 16 and 4 of 4 are right: F1 is 2·11/27 and 2·4/13.
    assert fair.dev.value("macro-f1") == pytest.approx((22 / 27 + 8 / 13) / 2)
    assert names(select([always, fair], "accuracy"))[0] == "always"
    assert names(select([always, fair], "macro-f1"))[0] == "fair"


def test_what_cannot_be_scored_comes_last():
    nan = evaluate([[float("nan")] * 2] * 10, [0, 1] * 5)
    trials = [trial("nan", train=nan, dev=nan), trial("wrong", train=0, dev=0)]
    assert names(screen(trials, "accuracy")) == ["wrong", "nan"]
    assert names(select(trials, "accuracy")) == ["wrong", "nan"]
    record = trials[0].record("accuracy")
    assert record["dev"]["log_likelihood"] is None
    assert record["dev"]["unscored"] == 1
    json.dumps(record, allow_nan=False)


def test_how_many_cannot_be_told_apart():
    best = trial("best", dev=figures(40, n=40))
    near, far = trial("near", dev=figures(38, n=40)), trial("far", dev=figures(20, n=40))
    assert len(Selection.of([best], "accuracy").alike) == 1
    assert len(Selection.of([best, near], "accuracy").alike) == 2
    assert len(Selection.of([best, near, far], "accuracy").alike) == 2
