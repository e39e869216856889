from __future__ import annotations

import json

import pytest

from promptsearch.study.selection import SCREENED, alike, screen, select
from tests.study.trials import figures, name_of, trial


def names(trials) -> list[str]:
    return [name_of(found) for found in trials]


def test_screening_goes_by_train_and_never_by_dev():
    trials = [trial("a", train=5, dev=10), trial("b", train=9, dev=0), trial("c", train=7, dev=5)]
    assert names(screen(trials, "accuracy", most=2)) == ["b", "c"]


def test_the_baseline_is_always_screened_in_and_once():
    weak = trial("manual", train=1, baseline=True)
    others = [trial(f"t{i}", train=6) for i in range(3)]
    assert names(screen([weak, *others], "accuracy", most=2)) == ["t0", "t1", "manual"]
    strong = trial("manual", train=9, baseline=True)
    assert names(screen([*others, strong], "accuracy", most=2)) == ["manual", "t0"]


def test_a_calibrated_manual_prompt_is_no_baseline():
    assert not trial("manual", baseline=True, method="batch").is_baseline
    assert trial("manual", baseline=True).is_baseline


def test_equal_accuracy_goes_by_log_likelihood_then_by_cost_then_by_order():
    sure, unsure = figures(7, sure=0.7), figures(7, sure=0.6)
    trials = [
        trial("unsure", dev=unsure),
        trial("long", dev=sure, tokens=20),
        trial("short", dev=sure, tokens=12),
        trial("same", dev=sure, tokens=12),
        trial("best", dev=8),
    ]
    # With 7 of 10 right, the surer is better on average: 0.7 ln 0.7 + 0.3 ln 0.3 > 0.7 ln 0.6 + 0.3 ln 0.4
    assert sure.log_likelihood == pytest.approx(-0.6109, abs=1e-4)
    assert unsure.log_likelihood == pytest.approx(-0.6325, abs=1e-4)
    assert names(select(trials, "accuracy")) == ["best", "short", "same", "long", "unsure"]


def test_differences_below_the_noise_of_batches_do_not_decide():
    near = figures(7, sure=0.7), figures(7, sure=0.70001)
    trials = [trial("longer", dev=near[1], tokens=20), trial("shorter", dev=near[0], tokens=10)]
    assert names(select(trials, "accuracy")) == ["shorter", "longer"]


def test_another_metric_orders_otherwise():
    """Always one class on 8 to 2 is 80 % accurate, with a macro-F1 of 4/9."""
    from promptsearch.scoring import evaluate

    gold = [0] * 8 + [1] * 2
    always = evaluate([[-0.1, -2.0]] * 10, gold)
    fair = evaluate([[-0.1, -2.0]] * 5 + [[-2.0, -0.1]] * 5, gold)
    trials = [trial("always", dev=always), trial("fair", dev=fair)]
    assert always.value("macro-f1") == pytest.approx(4 / 9)
    # 5 of 8 and 2 of 2 are right: F1 is 2·5/13 and 2·2/7.
    assert fair.value("macro-f1") == pytest.approx((10 / 13 + 4 / 7) / 2)
    assert names(select(trials, "accuracy"))[0] == "always"
    assert names(select(trials, "macro-f1"))[0] == "fair"


def test_what_cannot_be_scored_comes_last():
    from promptsearch.scoring import evaluate

    nan = evaluate([[float("nan")] * 2] * 10, [0, 1] * 5)
    trials = [trial("nan", train=nan, dev=nan), trial("wrong", train=0, dev=0)]
    assert names(screen(trials, "accuracy")) == ["wrong", "nan"]
    assert names(select(trials, "accuracy")) == ["wrong", "nan"]
    record = trials[0].record("accuracy")
    assert record["dev"]["log_likelihood"] is None
    assert record["dev"]["unscored"] == 1
    json.dumps(record, allow_nan=False)


def test_only_so_many_reach_dev():
    trials = [trial(f"t{i}", train=6) for i in range(SCREENED + 10)]
    assert len(select(trials, "accuracy")) == SCREENED


def test_how_many_cannot_be_told_apart():
    best = trial("best", dev=figures(40, n=40))
    near, far = trial("near", dev=figures(38, n=40)), trial("far", dev=figures(20, n=40))
    assert alike([best]) == 1
    assert alike([best, near]) == 2
    assert alike([best, near, far]) == 2
