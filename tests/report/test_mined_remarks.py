"""What is said beside the figures of mined templates."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from promptsearch.compose import PromptEnsemble
from promptsearch.report.mined_remarks import (
    against_best,
    better_ensemble,
    by_hand,
    compared,
    found_once,
    lowered,
    met,
    too_few,
)
from promptsearch.report.mined_rows import mined_rows
from promptsearch.study.ensembles import Ensemble
from tests.report.mined import frame, mined_parts, mined_trial, mining, searched, template
from tests.study.trials import figures

BORN, LIVED, DIED = template("was born in", 9), template("lived in", 1), template("died in", 1)


def test_what_was_met_is_counted_in_words():
    assert met(mining(pairs=12, met=9), "fact") == "9 of 12 pairs"
    assert met(mining(pairs=1, met=1), "fact") == "1 of 1 pair"
    assert met(mining(pairs=1, met=0), "sentiment") == "0 of 1 label word"
    assert met(mining(pairs=1200, met=1), "sentiment") == "1 of 1,200 label words"


def test_one_pair_is_told_in_the_singular(found):
    outcome = mining(BORN, pairs=1, met=1, matched=1)
    told = mined_parts(searched(found, outcome, mined_trial(BORN)))[1]
    assert "1 of the sentences holds two names" in told
    assert told.endswith("1 of 1 pair was met.")


def test_only_the_best_on_train_are_compared(found):
    discovery = searched(found, mining(BORN, LIVED, DIED), mined_trial(BORN), mined_trial(DIED))
    assert compared(discovery, mined_rows(discovery)) == (
        "Of 3 mined templates, 2 were compared on dev: of those that the text supports most, the ones that a "
        "PLM did best with on train; the best prompt is "
        f"chosen on dev among the {found.screened} prompts that were likeliest on train."
    )
    spent = replace(discovery, ended="budget")
    assert "did best with on train, until the budget was spent; " in compared(spent, mined_rows(spent))
    every = replace(discovery, mining=mining(BORN, DIED))
    assert compared(every, mined_rows(every)).startswith("2 mined templates were compared on dev; ")


def test_forms_of_one_frame_are_one_template(found):
    overall = frame("Overall it was")
    trials = mined_trial(overall), mined_trial(overall, before=True)
    discovery = searched(found, mining(overall), *trials, kind="sentiment")
    assert len(mined_rows(discovery)) == 2
    assert compared(discovery, mined_rows(discovery)).startswith("1 mined template was compared on dev")


def test_a_lowered_support_is_told():
    assert lowered(mining(BORN), "fact") is None
    told = lowered(mining(BORN, LIVED, DIED), "fact")
    assert told is not None
    assert told.startswith("1 of 3 templates was found with two pairs or more: few, so --min-support was")
    assert found_once(mining(frame("It was", 1)), "sentiment") == 0


@pytest.mark.parametrize(
    ("dev", "test", "told"),
    [
        (30, 30, None),
        (29, 30, "Dev has 29 examples: figures on fewer than 30 cannot tell much."),
        (1, 9, "Dev has 1 example and test has 9 examples: figures on fewer than 30 cannot tell much."),
    ],
)
def test_small_splits_are_told(found, dev, test, told):
    row = found.task.dev[0]
    task = replace(found.task, splits={"train": (row,), "dev": (row,) * dev, "test": (row,) * test})
    assert too_few(replace(found, task=task)) == told


def test_a_best_prompt_that_was_not_mined_is_told(found):
    discovery = searched(found, mining(BORN), mined_trial(BORN))
    assert "written by hand, not mined" in (by_hand(discovery) or "")
    assert by_hand(discovery) in mined_parts(discovery)
    mined = replace(discovery, finalists=(replace(found.best, trial=mined_trial(BORN)),))
    assert by_hand(mined) is None
    assert "written by hand, not mined" not in "".join(mined_parts(mined))


def ensemble(right: int, file: str = "ensemble.json") -> Ensemble:
    members = mined_trial(BORN), mined_trial(LIVED)
    return Ensemble(
        ("minilm-mlm",), members, (0.5, 0.5), figures(right), None, file, cast(PromptEnsemble, None)
    )


def test_the_ensemble_is_named_only_where_it_is_better(found):
    best = replace(found.best, trial=mined_trial(BORN, dev=6))
    discovery = replace(searched(found, mining(BORN, LIVED), mined_trial(BORN, dev=6)), finalists=(best,))
    assert better_ensemble(discovery) is None
    assert better_ensemble(replace(discovery, ensembles=(ensemble(6),))) is None
    two = replace(discovery, ensembles=(ensemble(7), ensemble(8, "ensemble-b.json")))
    better = better_ensemble(two)
    assert better is two.ensembles[1]
    assert against_best(two, better) == "80.0 % against 60.0 %"
    report = "".join(mined_parts(two))
    assert report.count("On dev that is better than the best prompt (80.0 % against 60.0 %)") == 1
    assert "`promptsearch predict ensemble-b.json`" in report
