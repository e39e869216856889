"""The best prompt of an engine whose prompts were not chosen: it is compared, and has a file of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from promptsearch import load_prompt
from promptsearch.engines.trigger import TriggerConfig
from promptsearch.study.conclude import finalists_of
from promptsearch.study.evaluating import evaluate_prompt
from promptsearch.study.finalist import best_of_engine
from promptsearch.study.going_on import resume_command
from promptsearch.study.outcome import write_report
from promptsearch.study.selection import Selection
from tests.study.searching import TEMPLATE, search
from tests.study.trials import name_of, trial

TRIGGERS = {
    "engines": ("manual", "trigger"),
    "trigger": TriggerConfig(candidates=4, restarts=0, offers=3),
    "trigger_templates": "{text} {trigger*2} {mask}",
    "trigger_evaluations": 250,
    "shots": 3,
    "calibrations": ("none",),
}


def chosen_from(*trials):
    return finalists_of(Selection.of(trials, "accuracy"), trials, ["minilm-mlm"])


def test_the_best_of_an_engine_stands_beside_the_best():
    manual, mined = trial("manual", 4, 4, baseline=True), trial("mined", 9, 9, engine="mining")
    triggers = [trial("one", 5, 5, engine="trigger"), trial("two", 7, 7, engine="trigger")]
    soft = trial("soft", 6, 6, engine="soft")
    found = chosen_from(manual, mined, *triggers, soft)
    assert [(each.role, name_of(each.trial)) for each in found] == [
        ("best", "mined"),
        ("best hand-written", "manual"),
        ("best trigger", "two"),
        ("best soft prompt", "soft"),
        ("manual", "manual"),
    ]
    assert [name_of(best_of_engine(found, engine).trial) for engine in ("trigger", "soft")] == ["two", "soft"]


def test_the_best_of_all_is_not_told_twice():
    found = chosen_from(trial("manual", 4, 4), trial("two", 9, 9, engine="trigger"))
    assert [each.role for each in found] == ["best", "best hand-written"]
    assert best_of_engine(found, "trigger") is found[0]
    assert best_of_engine(found, "soft") is None


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A search of hand-written prompts and triggers."""
    return search(tmp_path_factory.mktemp("run") / "reviews", **TRIGGERS)


def test_the_best_trigger_has_a_file_that_gives_its_figures(found):
    best = best_of_engine(found.finalists, "trigger")
    prompt = load_prompt(found.folder / "trigger_prompt.json", device="cpu")
    assert prompt.document.trigger is not None
    assert prompt.document.provenance.engine == "trigger"
    assert prompt.document.provenance.budget.evaluations == TRIGGERS["trigger_evaluations"]
    assert str(prompt.template) == str(best.trial.candidate.template)
    assert evaluate_prompt(prompt, found.task).prompt == best.test
    of_dev, of_test = prompt.document.evaluation
    assert (of_dev.value, of_test.value) == (best.trial.dev.accuracy, best.test.accuracy)
    assert of_test.manual_baseline.value == found.manual.test.accuracy
    assert list(found.prompts) == ["trigger_prompt.json"]


def test_that_it_was_not_chosen_is_told(found):
    other = next(each for each in found.finalists if each.trial.candidate.engine == "manual")
    best = replace(best_of_engine(found.finalists, "trigger"), role="best trigger")
    lost = replace(found, finalists=(replace(other, role="best"), best))
    assert lost.beside == {"best trigger": "trigger_prompt.json"}
    write_report(lost)
    told = "The best trigger was not chosen on dev; it is in trigger_prompt.json."
    assert told in json.loads((found.folder / "report.json").read_text("utf-8"))["verdicts"]
    won = replace(found, finalists=(replace(best, role="best"), other))
    assert won.beside == {}


def test_a_search_without_triggers_has_no_such_file(tmp_path):
    found = search(tmp_path / "run", templates=[TEMPLATE])
    assert (found.prompts, found.beside) == ({}, {})
    assert not list(found.folder.glob("*_prompt.json"))[1:]


@pytest.mark.parametrize(
    ("begun_with", "command"),
    [
        ("promptsearch trigger --task sst2", "trigger"),
        ("promptsearch tune --task sst2", "tune"),
        ("promptsearch discover --task trigger", "discover"),
        ("promptsearch words --task sst2", "discover"),
        ("promptsearch", "discover"),
        ("", "discover"),
        (None, "discover"),
    ],
)
def test_a_run_is_gone_on_with_by_the_command_that_began_it(begun_with, command):
    assert resume_command(Path("runs/a b"), begun_with) == f"promptsearch {command} --resume 'runs/a b'"
