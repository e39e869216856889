"""`predict`, `evaluate` and `schema` with an ensemble file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promptsearch import compose
from promptsearch.compose import PromptEnsemble
from promptsearch.prompt import Prompt, load_prompt
from promptsearch.report import document as documents
from promptsearch.study.evaluating import evaluate_prompt
from promptsearch.tasks import draw_splits, load_task
from tests.cli.conftest import ROWS, lines
from tests.cli.running import refused, run

TEXTS = ["a gorgeous, witty film", "", "dull and far too long"]


@pytest.fixture
def ensemble(prompt_file, folder) -> PromptEnsemble:
    """Of the prompt that was found and one of another template, in the file `ensemble.json`."""
    found = load_prompt(prompt_file, device="cpu")
    other = found.document.model_copy(update={"template": "A {mask} film. {text}"})
    made = PromptEnsemble.of([found, Prompt(other, device="cpu")], [0.75, 0.25])
    made.save(folder / "ensemble.json")
    return made


def test_predicting(ensemble):
    expected = ensemble.predict(TEXTS)
    outcome = run("predict", "ensemble.json", "--json", *TEXTS)
    assert (outcome.code, outcome.err) == (0, "")
    for line, prediction in zip(outcome.out.splitlines(), expected, strict=True):
        record = json.loads(line)
        assert record["label"] == prediction.label
        assert record["probabilities"] == pytest.approx(dict(prediction.probabilities), abs=1e-5)
    assert [line.split("\t")[2] for line in run("predict", "ensemble.json", *TEXTS).out.splitlines()] == TEXTS
    lines("texts.jsonl", [{"text": text} for text in TEXTS])
    assert run("predict", "ensemble.json", "--json", "--file", "texts.jsonl").out == outcome.out


def test_evaluating_on_the_task_of_the_search(ensemble, prompt_file):
    outcome = run("evaluate", "ensemble.json", "--json", "--max-test", "24")
    assert (outcome.code, outcome.err) == (0, "")
    record = json.loads(outcome.out)
    own = load_prompt(prompt_file).document.task
    assert own is not None
    task = draw_splits(load_task(own.name), shots=None, seed=own.seed or 0, max_test=24)
    expected = evaluate_prompt(ensemble, task)
    assert record["value"] == expected.prompt.accuracy
    assert record["log_likelihood"] == pytest.approx(expected.prompt.log_likelihood, abs=1e-5)
    assert record["n"] == 24


def test_evaluating_on_data_of_ones_own(ensemble):
    lines("data.jsonl", ROWS)
    outcome = run("evaluate", "ensemble.json", "--data", "data.jsonl", "--split", "train")
    assert outcome.code == 0
    assert "data, train: accuracy " in outcome.out
    other = [{"text": "a", "label": label} for label in ("x", "y")] * 4
    lines("other.jsonl", [row | {"text": str(i)} for i, row in enumerate(other)])
    said = refused("evaluate", "ensemble.json", "--data", "other.jsonl", "--split", "train")
    assert "The prompt and the task have different labels" in said


def test_a_file_of_neither_kind():
    Path("x.json").write_text('{"format": "x"}')
    said = refused("predict", "x.json", "a film")
    assert 'should be "promptsearch/prompt" or "promptsearch/ensemble"' in said


def test_a_mistake_in_a_member(ensemble):
    content = json.loads(Path("ensemble.json").read_text("utf-8"))
    content["members"][1]["template"] = "{text} It was"
    Path("ensemble.json").write_text(json.dumps(content))
    said = refused("predict", "ensemble.json", "a film")
    assert "members[1].template: the template has no answer slot {mask}" in said


def test_help_tells_of_ensembles():
    for command in ("predict", "evaluate", "schema"):
        assert "ensemble" in run(command, "--help").out


def test_the_schema_is_the_committed_one():
    out = run("schema", "ensemble").out
    assert out == Path(compose.__file__).with_name("ensemble.schema.json").read_text("utf-8")
    assert run("schema").out == run("schema", "prompt").out != out
    report = Path(documents.__file__).with_name("report.schema.json").read_text("utf-8")
    assert run("schema", "report").out == report
    assert "There is no schema of 'x'. Schemas: prompt, ensemble, report." in refused("schema", "x")
