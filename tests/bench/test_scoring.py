"""The command on a few examples."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from promptsearch.bench import harness
from promptsearch.bench.choosing import Subject, check_compared, library_job
from promptsearch.bench.goals import Goal
from promptsearch.cli.app import app
from promptsearch.errors import OptionError
from promptsearch.tasks import load_task

CONTENDERS = ["promptsearch", "promptsearch, float32", "fill-mask pipeline", "fill-mask, batches of 32"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    out = tmp_path_factory.mktemp("bench") / "scoring.md"
    arguments = "bench scoring --task reviews --plm minilm-mlm --examples 4 --templates 4 --repeats 2 --json"
    done = CliRunner().invoke(app, [*arguments.split(), "--out", str(out)])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout), out.read_text("utf-8")


@pytest.mark.slow
def test_json(bench):
    record, _ = bench
    (comparison,) = record["comparisons"]
    assert comparison["plm"] == "minilm-mlm"
    assert len(comparison["templates"]) == comparison["examples"] == 4
    assert [entry["title"] for entry in comparison["contenders"]] == CONTENDERS
    for entry in comparison["contenders"]:
        assert len(entry["seconds"]) == 2
        assert entry["prompts_per_second"] > 0
    assert comparison["contenders"][1]["equal_labels"] == 1.0
    assert comparison["contenders"][1]["max_difference"] < 1e-3
    assert [rate["calibration"] for rate in record["verbalizers"]] == ["none", "batch", "contextual"]
    assert all(rate["verbalizers_per_second"] > 0 for rate in record["verbalizers"])
    assert record["machine"]["cores"] >= 1
    assert set(record["machine"]["versions"]) >= {"torch", "transformers"}
    assert all(goal["met"] in (True, False) for goal in record["goals"])
    assert record["skipped"] == []


@pytest.mark.slow
def test_markdown(bench):
    _, text = bench
    assert text.startswith("# ")
    assert all(f"| {title} |" in text for title in CONTENDERS)
    assert "torch" in text


def test_the_library_gives_templates_that_take_the_same_words():
    task = load_task("reviews")
    subject = Subject.of("minilm-mlm", offline=True)
    job = library_job(task, subject, 6, task.splits["test"][:2])
    assert job.words == ("terrible", "great")
    assert job.templates[0] == "{text} It was {mask}."
    forms = {template.form for template in job.parsed_templates()}
    assert forms == {"cloze", "prefix"}


def test_words_of_several_tokens_cannot_be_compared():
    task = load_task("reviews")
    subject = Subject.of("minilm-mlm", offline=True)
    subject.encoder.word_ids = lambda template, words: [[1, 2] for _ in words]
    with pytest.raises(OptionError, match="one token each"):
        library_job(task, subject, 6, task.splits["test"][:2])


def test_without_lm_eval_the_rest_is_measured(monkeypatch, tmp_path):
    from promptsearch.bench.machine import Machine
    from promptsearch.bench.scoring import ScoringBench, ScoringBenchConfig, _Measure

    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path))
    monkeypatch.setattr(harness, "_installed_here", lambda: False)
    said: list[str] = []
    task = load_task("reviews")
    bench = ScoringBench(ScoringBenchConfig(offline=True), task, Machine.now())
    measure = _Measure(bench, lambda text: None, said.append)
    assert measure._lm_eval() == measure._lm_eval() == []
    assert said == bench.skipped
    assert len(said) == 1
    assert said[0].startswith("lm-eval was left out: lm-eval 0.4.13 is not installed")


@pytest.mark.parametrize(
    ("found", "at_least", "met"),
    [(4.0, True, True), (3.9, True, False), (4.0, False, True), (4.1, False, False)],
)
def test_goals(found, at_least, met):
    assert Goal("speed", found, 4.0, at_least).met is met


def test_an_encoder_decoder_is_compared_with_nothing():
    with pytest.raises(OptionError, match="t5 is an encoder-decoder"):
        check_compared("seq2seq", "t5")
    check_compared("masked", "bert")
    check_compared("causal", "gpt2")
