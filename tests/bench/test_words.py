"""Figures of found label words over draws of the labelled texts."""

from __future__ import annotations

import json
import re
import statistics
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from promptsearch.bench import words as bench
from promptsearch.bench.words import CHOSEN, Case, CaseResult, MethodResult, markdown, measure, record
from promptsearch.engines.base import Budget, candidate_log_probs
from promptsearch.engines.words import METHODS, WordsConfig, WordsEngine
from promptsearch.scoring import evaluate
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.observer import Observer
from promptsearch.tasks import draw_splits, load_task
from promptsearch.tasks.task import gold
from promptsearch.template import Template
from tests.cli.running import refused, run

CASE = Case("reviews", "{text} It was {mask}.", labelled=8)
CONFIG = DiscoverConfig(max_test=20, device="cpu", dtype="float32", offline=True)
CHAIN = ["names", "names, calibrated", "expanded", "calibrated", "frequency", "relevance"]


@pytest.fixture(scope="module")
def found() -> list[CaseResult]:
    """One seed on the bundled reviews, with eight labelled texts and with none."""
    return measure([CASE], ["minilm-mlm"], [0], CONFIG, Observer())


def names(result: CaseResult) -> list[str]:
    return [each.method for each in result.methods]


# What is measured ------------------------------------------------------------------------------------


def test_each_case_comes_with_labels_and_without(found):
    assert [(each.labelled, each.texts) for each in found] == [(8, 8), (0, 160)]
    with_labels, without = found
    assert names(with_labels)[:7] == [*CHAIN, "weights"]
    assert sorted(names(with_labels)[7:]) == sorted({*METHODS, CHOSEN} - {"expanded"})
    assert names(with_labels)[-1] == CHOSEN
    assert sorted(names(without)) == sorted([*CHAIN, "neighbours"])
    assert without.chosen == ()
    assert all(len(each.values) == 1 for result in found for each in result.methods)
    assert all(len(result.task.test) == 20 for result in found)
    assert all(each.labelled == 0 or len(each.task.train) == 8 for each in found)


def test_no_label_is_left_without_labels(found):
    assert all(example.label is None for example in found[1].task.train)


def test_chosen_is_the_best_by_held_out_figures_of_train(found, minilm):
    task = draw_splits(load_task("reviews"), shots=4, seed=0, max_test=20)
    engine = WordsEngine(WordsConfig(), [Template.parse(CASE.template)], scoring=bench._SCORING)
    best, best_key = "", (-1.0, -np.inf)
    for candidate in engine.search(task, minilm, Budget(), 0):
        rows = candidate.train_log_probs
        figures = evaluate(
            candidate_log_probs(minilm, candidate, bench._SCORING, task.train) if rows is None else rows,
            gold(task.train),
        )
        if (key := (figures.accuracy, figures.log_likelihood)) > best_key:
            best, best_key = str(candidate.provenance["method"]), key
    (result, _) = found
    assert result.chosen == (best,)
    values = {each.method: each for each in result.methods}
    assert values[CHOSEN].values == values[best].values
    assert values[CHOSEN].words == values[best].words


def test_labelled_texts_are_counted_in_all_and_split_among_classes():
    task = bench._task(replace(CASE, labelled=9), 9, replace(CONFIG, task="reviews"))
    assert sorted(gold(task.train)) == [0] * 4 + [1] * 4
    # Fewer than classes is still one of each.
    assert len(bench._task(CASE, 1, replace(CONFIG, task="reviews")).train) == 2


def test_no_seeds():
    with pytest.raises(ValueError, match="at least one seed"):
        measure([CASE], ["minilm-mlm"], [], CONFIG, Observer())


# How it is told --------------------------------------------------------------------------------------


def by_hand(found: list[CaseResult]) -> CaseResult:
    """Three seeds of two methods."""
    methods = (MethodResult("names", (0.5, 0.6, 0.7), 2), MethodResult(CHOSEN, (0.7, 0.9, 0.8), 20.5))
    return replace(
        found[0], methods=methods, seconds=1.25, extra_bytes=3 * 2**20, chosen=("soft", "ratio", "soft")
    )


def test_mean_and_spread():
    three = MethodResult("names", (0.5, 0.6, 0.7), 2)
    assert three.mean == pytest.approx(0.6)
    assert three.spread == pytest.approx(0.1)  # sqrt((0.01 + 0 + 0.01) / 2)
    assert MethodResult("names", (0.5,), 2).spread == 0.0


def test_a_section(found):
    text = markdown(by_hand(found))
    assert text.startswith("## reviews, minilm-mlm, 8 labelled texts\n\n")
    assert "Template `{text} It was {mask}.`; 3 seeds, n = 20." in text
    assert "| method | words | accuracy % | sd |" in text
    assert "| names | 2 | 60.0 | 10.0 |" in text
    assert f"| {CHOSEN} | 20 | 80.0 | 10.0 |" in text
    assert "All methods took 1.2 s after the forward passes (median)" in text
    assert "by 3 MB. Chosen on train: soft 2×, ratio 1×." in text


def test_a_section_without_labels(found):
    text = markdown(found[1])
    assert text.startswith("## reviews, minilm-mlm, no labels, 160 texts\n\n")
    assert "Chosen on train" not in text


def test_a_stand_in_is_named(found):
    stood_in = replace(found[0], task=replace(found[0].task, stand_in_for="sst2"))
    assert markdown(stood_in).startswith("## reviews in place of sst2, minilm-mlm")
    assert record(stood_in)["stand_in_for"] == "sst2"


def test_the_record(found):
    told = json.loads(json.dumps(record(by_hand(found))))
    assert told == {
        "task": "reviews",
        "stand_in_for": None,
        "plm": "minilm-mlm",
        "template": "{text} It was {mask}.",
        "labelled": 8,
        "texts": 8,
        "n_test": 20,
        "metric": "accuracy",
        "seconds": 1.25,
        "extra_megabytes": 3,
        "methods": {
            "names": {"values": [0.5, 0.6, 0.7], "words": 2},
            CHOSEN: {"values": [0.7, 0.9, 0.8], "words": 20.5},
        },
        "chosen": ["soft", "ratio", "soft"],
    }


# The command -----------------------------------------------------------------------------------------

COMMAND = ("bench", "words", "--offline", "--quiet", "--plm", "minilm-mlm", "--labelled", "8", "--seeds", "1")


def test_the_command_prints_what_it_writes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = run(*COMMAND, "--task", "reviews", "--template", r"{text}\nIt was {mask}.", "--out", "page.md")
    assert (outcome.code, outcome.err) == (0, "")
    page = Path("page.md").read_text("utf-8")
    assert outcome.out.strip() == page.strip()
    assert page.startswith("# Label words\n")
    assert re.findall("^## (.*)$", page, re.MULTILINE) == [
        "reviews, minilm-mlm, 8 labelled texts",
        "reviews, minilm-mlm, no labels, 160 texts",
    ]
    assert "promptsearch bench words --offline" in page
    assert f"| {CHOSEN} |" in page


@pytest.mark.parametrize("given", [("--task", "reviews"), ("--template", "{text} {mask}")])
def test_task_and_template_go_together(given):
    assert "--task and --template go together. Give both, or neither." in refused(*COMMAND, *given)


def test_a_mean_is_that_of_its_seeds():
    values = (0.25, 0.75)
    assert MethodResult("names", values, 2).mean == statistics.fmean(values)
