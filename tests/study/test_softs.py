"""Soft prompts in a study: they compete by the same rules, and are kept with their vectors."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from promptsearch import discover
from promptsearch.engines.base import Candidate
from promptsearch.engines.soft.config import SoftConfig, TrainingConfig
from promptsearch.engines.soft.engine import SoftEngine
from promptsearch.errors import DataError, TemplateError, VerbalizerError
from promptsearch.prompt import load_prompt
from promptsearch.soft import SoftTemplate, SoftVectors
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.discover import resume
from promptsearch.study.evaluating import evaluate_prompt
from promptsearch.study.finalist import best_of_engine
from promptsearch.study.observer import Observer
from promptsearch.study.pools import as_json, from_json, offers_of
from promptsearch.study.record import restored, saved
from promptsearch.study.result import Discovery
from promptsearch.study.setup import Engines, load_search_task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer
from tests.tuning.running import saved_data, saved_plm

VECTORS = "best_prompt.soft.safetensors"
WORDS = {"negative": "bad", "positive": "good"}
SHORT = SoftConfig(
    parameterisation="free",
    offers=2,
    training=TrainingConfig(steps=6, look_every=3, restarts=2, batch=4),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What searches here share."""
    folder = tmp_path_factory.mktemp("small")
    return {
        "data": saved_data(folder),
        "kind": "sentiment",
        "plms": [saved_plm("bert", folder)],
        "words": WORDS,
        "shots": None,
        "device": "cpu",
        "dtype": "float32",
        "soft": SHORT,
        "templates": ["{text} It was {mask} ."],
        "calibrations": ["none"],
    }


@pytest.fixture(scope="module")
def both(place: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Discovery:
    """Hand-written and soft prompts."""
    return discover(**place, engines=["manual", "soft"], out=tmp_path_factory.mktemp("runs") / "both")


def test_soft_prompts_compete_with_the_others(both: Discovery) -> None:
    engines = [trial.candidate.engine for trial in both.trials]
    assert engines.count("manual") == 1
    assert engines.count("soft") > 1
    soft = [trial for trial in both.trials if trial.candidate.engine == "soft"]
    assert str(soft[0].candidate.template) == "{text} {soft:It was} {mask} ."
    assert all(isinstance(trial.candidate.template, SoftTemplate) for trial in soft)
    assert all(trial.candidate.fitted for trial in soft)
    assert all(len(trial.candidate.provenance["nearest"][0]) == 5 for trial in soft)


def test_the_report_tells_what_they_store(both: Discovery) -> None:
    page = (both.folder / "report.md").read_text("utf-8")
    assert "## Soft prompts" in page
    assert "soft prompts competed with the others" in page
    assert "rarely explain" in page


def test_a_soft_prompt_that_wins_is_saved_with_its_vectors(place: dict[str, Any], tmp_path: Path) -> None:
    # One example a class: nothing can be held out, and all steps are done.
    found = discover(**{**place, "shots": 1}, engines=["soft"], out=tmp_path / "run")
    assert found.best.trial.candidate.engine == "soft"
    prompt = load_prompt(tmp_path / "run" / "best_prompt.json", device="cpu")
    assert prompt.soft == found.best.trial.candidate.template.vectors
    assert evaluate_prompt(prompt, found.task).prompt == found.best.test
    report = json.loads((tmp_path / "run" / "report.json").read_text("utf-8"))
    assert report["finalists"][0]["cost"]["numbers"] == prompt.soft.array.size


def test_the_best_soft_prompt_has_a_file_whatever_was_chosen(both: Discovery) -> None:
    best = best_of_engine(both.finalists, "soft")
    prompt = load_prompt(both.folder / "soft_prompt.json", device="cpu")
    assert prompt.soft == best.trial.candidate.template.vectors
    assert evaluate_prompt(prompt, both.task).prompt == best.test
    assert both.prompts["soft_prompt.json"].document.soft.file == "soft_prompt.soft.safetensors"
    # The manual prompt was chosen, and has no vectors.
    assert both.best.trial.candidate.engine == "soft" or not (both.folder / VECTORS).exists()


def test_other_words_around_soft_tokens_leave_the_vectors_alone(
    place: dict[str, Any], tmp_path: Path
) -> None:
    found = discover(
        **place, engines=["soft"], soft_templates=["It is {soft*2} . {text} was {mask}"], out=tmp_path
    )
    varied = found.details.sensitivity
    assert varied
    assert all(isinstance(each.template, SoftTemplate) for each in varied)
    # Without a blank before it, label words are no words of this small vocabulary.
    assert [each.change for each in varied if each.evaluation is None] == ["no blank before the slot"]


def test_soft_prompts_stay_out_of_ensembles_of_files(both: Discovery) -> None:
    soft = [trial for trial in both.trials if trial.candidate.engine == "soft"]
    members = [member for ensemble in both.ensembles for member in ensemble.members]
    assert not {id(trial) for trial in soft} & {id(member) for member in members}


def learned(found: Discovery) -> set[Template]:
    """Soft prompts that were tried, told apart by their vectors."""
    return {trial.candidate.template for trial in found.trials if trial.candidate.engine == "soft"}


class Killed(BaseException):
    """What no code catches."""


def test_trainings_that_are_done_are_not_done_again(
    place: dict[str, Any], both: Discovery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = SoftEngine.search
    begun: list[str] = []

    def killed_after_one(self: SoftEngine, *arguments: Any) -> Any:
        for number, candidate in enumerate(real(self, *arguments)):
            if number == 1:
                raise Killed
            yield candidate

    def counted(self: SoftEngine, *arguments: Any) -> Any:
        for candidate in real(self, *arguments):
            begun.append(str(candidate.template))
            yield candidate

    monkeypatch.setattr(SoftEngine, "search", killed_after_one)
    with pytest.raises(Killed):
        discover(**place, engines=["manual", "soft"], out=tmp_path / "run")
    monkeypatch.setattr(SoftEngine, "search", counted)
    found = resume(tmp_path / "run", Observer())
    assert learned(found) == learned(both)
    assert len(begun) == len(learned(both)) - 1


@given(arrays(np.float32, (3, 4), elements=st.floats(-(2.0**100), 2.0**100, width=32)))
def test_vectors_come_back_from_the_study(array: np.ndarray) -> None:
    template = Template.parse("{text} {soft*1} and {soft:it was} {mask}")
    words = Verbalizer.of(WORDS, ("negative", "positive"))
    soft = Candidate(SoftTemplate.of(template, SoftVectors(array, (1, 2))), words, "soft", {"restart": 0})
    plain = Candidate(Template.parse("{text} {mask}"), words, "manual")
    offers = offers_of([soft, plain])
    assert from_json(json.loads(json.dumps(as_json(offers)))) == offers


def test_options_come_back() -> None:
    config = DiscoverConfig(
        task="sst2", engines=["soft"], soft=SHORT, soft_templates=["{text} {soft*2} {mask}"]
    )
    assert restored(json.loads(json.dumps(saved(config))), "here") == config


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{text} It was {mask}", "no soft tokens"),
        ("{text} {soft*2} {trigger*1} {mask}", "trigger tokens cannot"),
    ],
)
def test_templates_without_soft_tokens_are_refused(source: str, why: str) -> None:
    with pytest.raises(TemplateError, match=why):
        DiscoverConfig(task="sst2", soft_templates=[source])


def test_label_words_of_several_tokens_are_told(place: dict[str, Any], tmp_path: Path) -> None:
    words = {"negative": "very bad", "positive": "very good"}
    with pytest.raises(VerbalizerError, match="answers of one token"):
        discover(**{**place, "words": words}, engines=["soft"], needed=["soft"], out=tmp_path / "run")


def test_facts_have_no_soft_prompts(place: dict[str, Any]) -> None:
    options = {name: place[name] for name in ("data", "kind", "shots")}
    config = DiscoverConfig(**options, engines=["soft"], needed=["soft"])
    facts = replace(load_search_task(config), kind="fact")
    with pytest.raises(DataError, match="no soft token can be learned: facts are answered"):
        Engines.of(config, facts)


def test_it_is_told_where_nothing_was_learned(
    place: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(self: SoftEngine, *_: Any) -> Any:
        self.over = True
        return iter(())

    monkeypatch.setattr(SoftEngine, "search", nothing)
    with pytest.raises(DataError, match="no soft tokens did better"):
        discover(**place, engines=["soft"], out=tmp_path / "run")
