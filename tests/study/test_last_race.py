"""The last comparison over a dev split that is larger than what the search used of it."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from promptsearch.engines.base import Candidate
from promptsearch.plms.base import AnswerScoring
from promptsearch.report.io import read_report
from promptsearch.report.verdicts import verdicts
from promptsearch.study.budget import TimeUp
from promptsearch.study.choosing import choose
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.last_race import raced
from promptsearch.study.rungs import Rungs
from promptsearch.study.selection import screen
from promptsearch.study.session import PLMs
from promptsearch.study.sitting import Sitting
from promptsearch.study.trial import Trial
from promptsearch.study.trying import try_candidates
from promptsearch.tasks import draw_splits, load_task
from promptsearch.tasks.task import Task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer
from tests.study.searching import search

SOURCES = (
    "{text} It was {mask}.",
    "{mask} review: {text}",
    "{text} All in all, it was {mask}.",
    "{text} {mask}",
)


@pytest.fixture(scope="module")
def task() -> Task:
    return draw_splits(load_task("reviews"), shots=40, seed=0)


def tried(task: Task, plm, baseline: str) -> list[Trial]:
    words = Verbalizer.of({"negative": "bad", "positive": "good"}, task.labels)
    candidates = [
        Candidate(Template.parse(source), words, "manual", baseline=source == baseline) for source in SOURCES
    ]
    found = try_candidates(task, plm, candidates, ["none", "batch"], AnswerScoring(), lambda rejected: None)
    return [trial for each in found for trial in each]


def key(trial: Trial) -> tuple[str, str]:
    return str(trial.candidate.template), trial.calibration.method


def test_the_winner_of_a_race_and_its_figures_are_those_on_all_of_dev(task, minilm):
    small = Rungs.of(task, 0, 12).whole
    assert (len(small.dev), len(task.dev)) == (12, 80)
    finalists = tried(small, minilm, SOURCES[3])
    found = raced(finalists, {"minilm-mlm": minilm}, task, 0)
    # Each fits its calibration on the 12 of train; judged without a race on all of dev:
    again = {key(trial): trial for trial in _on_all(finalists, task, minilm)}
    order = sorted(again.values(), key=lambda each: (-each.dev.accuracy, -each.dev.log_likelihood))
    assert key(found[0]) == key(order[0])
    for trial in found:
        assert trial.dev.n == len(trial.dev_correct) == len(trial.dev_likelihoods) == 80
        assert trial.dev.accuracy == again[key(trial)].dev.accuracy == trial.dev_correct.mean()
        assert trial.dev.log_likelihood == pytest.approx(again[key(trial)].dev.log_likelihood, abs=1e-5)
        assert trial.train.n == 12
    assert any(trial.is_baseline for trial in found)


def _on_all(finalists, task, plm) -> list[Trial]:
    """A race in which every finalist is the only one reads all of dev."""
    return [raced([trial], {"minilm-mlm": plm}, task, 0)[0] for trial in finalists]


def test_a_search_that_used_a_part_of_dev_reports_all_of_it(tmp_path, monkeypatch):
    whole = Rungs.of.__func__
    monkeypatch.setattr(Rungs, "of", classmethod(lambda cls, task, seed: whole(cls, task, seed, 12)))
    found = search(tmp_path, shots=20, templates=list(SOURCES[:2]))
    assert len(found.task.dev) == 40
    assert {trial.dev.n for trial in found.trials} == {12}
    assert {finalist.trial.dev.n for finalist in found.finalists} == {40}
    evaluation = json.loads((tmp_path / "best_prompt.json").read_text("utf-8"))["evaluation"]
    assert [entry["n"] for entry in evaluation if entry["split"] == "dev"] == [40]


def test_its_candidates_have_figures_on_the_part_that_was_used(tmp_path, monkeypatch):
    whole = Rungs.of.__func__
    monkeypatch.setattr(Rungs, "of", classmethod(lambda cls, task, seed: whole(cls, task, seed, 12)))
    found = search(tmp_path, shots=20, templates=list(SOURCES[:2]))
    points = read_report(tmp_path).candidates
    assert [point.dev for point in points] == [trial.dev.accuracy for trial in found.trials]
    assert any(point.on_front for point in points)
    assert any(point.finalist for point in points)
    assert any(told.startswith("The search used 12 of 40 dev examples") for told in verdicts(found))


@pytest.mark.parametrize("stop", [KeyboardInterrupt, TimeUp])
def test_without_time_for_all_of_dev_every_figure_is_on_what_was_used(tmp_path, monkeypatch, stop):
    def raced(*_: object) -> None:
        raise stop

    whole = Rungs.of.__func__
    monkeypatch.setattr(Rungs, "of", classmethod(lambda cls, task, seed: whole(cls, task, seed, 12)))
    monkeypatch.setattr("promptsearch.study.choosing.raced", raced)
    found = search(tmp_path, shots=20, templates=list(SOURCES[:2]))
    assert found.interrupted == (stop is KeyboardInterrupt)
    assert len(found.task.dev) == found.majority_dev.n == 12
    assert {finalist.trial.dev.n for finalist in found.finalists} == {12}
    config = json.loads((tmp_path / "config.json").read_text("utf-8"))
    assert found.task.fingerprint == config["fingerprint"]
    assert ("the last comparison, on all of dev" in found.details.left_out) == (stop is TimeUp)


def test_those_that_left_the_last_race_were_compared_too(tmp_path, monkeypatch):
    whole = Rungs.of.__func__
    monkeypatch.setattr(Rungs, "of", classmethod(lambda cls, task, seed: whole(cls, task, seed, 12)))
    monkeypatch.setattr("promptsearch.study.choosing.raced", lambda trials, *rest: raced(trials, *rest)[:2])
    found = search(tmp_path, shots=20, templates=list(SOURCES[:2]))
    assert len(found.selection.finalists) == 2
    assert found.screened == len(screen(found.trials, "accuracy")) > 2


def test_the_best_of_an_engine_that_left_early_stands_beside_the_others_with_all_of_dev(task, minilm):
    part = Rungs.of(task, 0, 12).whole
    whole = tried(task, minilm, SOURCES[0])
    early = [
        replace(trial, left_early=True, candidate=replace(trial.candidate, engine="trigger"))
        for trial in tried(part, minilm, "")
        if str(trial.candidate.template) == SOURCES[3]
    ]
    sitting = cast(
        Sitting,
        SimpleNamespace(
            task=task,
            config=DiscoverConfig(),
            plms=PLMs({"minilm-mlm": minilm}),
            search=SimpleNamespace(
                trials=[*(t for t in whole if str(t.candidate.template) != SOURCES[3]), *early],
                judge=SimpleNamespace(rungs=Rungs.of(task, 0)),
            ),
        ),
    )
    _, finalists = choose(sitting, interrupted=False)
    (trigger,) = [each for each in finalists if each.role == "best trigger"]
    assert {each.trial.dev.n for each in finalists} == {80}
    same = {key(trial): trial for trial in whole}[key(trigger.trial)]
    assert trigger.trial.dev.n == same.dev.n
    # What the user has stopped is not read on.
    _, finalists = choose(sitting, interrupted=True)
    assert {each.trial.dev.n for each in finalists if each.role == "best trigger"} == {12}
