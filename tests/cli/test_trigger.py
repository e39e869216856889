"""`promptsearch trigger` from the outside: what it prints and writes, and how it goes on."""

from __future__ import annotations

import json
import re
import signal
import time
from pathlib import Path

import jsonschema
import pytest
import typer.main

from promptsearch.artefact.schema import prompt_schema
from promptsearch.cli.app import app
from promptsearch.engines.trigger import TriggerConfig
from tests.cli.conftest import ROWS, lines
from tests.cli.running import Outcome, flat, run, start

SMALL = (
    "--kind",
    "classification",
    "--shots",
    "3",
    "--max-test",
    "4",
    "--candidates",
    "4",
    "--restarts",
    "0",
)
HERE = ("--offline", "--device", "cpu", "--dtype", "float32")
ASKED = ("--template", "{text} {trigger*2} {mask}", "--evaluations", "200")


def command(folder: Path) -> list[str]:
    """A small search on rows of its own, whose files are in a folder."""
    data = lines(folder / "films.jsonl", ROWS)
    return ["trigger", "--data", data, *SMALL, *HERE, *ASKED, "--out", str(folder / "run")]


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> tuple[Outcome, Path]:
    """A search as a user sees it, and its folder."""
    folder = tmp_path_factory.mktemp("done")
    return run(*command(folder)), folder / "run"


@pytest.fixture(scope="module")
def record(done) -> dict:
    """The same run as JSON: gone on with, where nothing is left to do."""
    outcome = run("trigger", "--resume", str(done[1]), "--json")
    assert (outcome.code, outcome.err) == (0, "")
    return json.loads(outcome.out)


def test_what_is_printed(done):
    outcome, out = done
    assert outcome.code == 0, outcome.err
    assert max(map(len, outcome.out.splitlines())) <= 80
    told = " ".join(outcome.out.split())
    assert "Best prompt for films" in told
    assert re.search(
        r"Triggers on minilm-mlm: loss 0\.\d+ at first and 0\.\d+ at last, [\d.]+ % on dev", told
    )
    assert f"promptsearch predict {out}/best_prompt.json" in told


def test_better_triggers_are_told_on_the_way(done):
    outcome, _ = done
    assert "minilm-mlm: engine trigger" in outcome.said
    line = r"minilm-mlm: loss 0\.\d{3}, dev [\d.]+ \[[\d.]+, [\d.]+\], [\d,]+ evaluations, \d+ s: \S"
    assert re.search(line, outcome.said)


def test_the_files(done):
    _, out = done
    names = {path.name for path in out.iterdir()}
    assert {"best_prompt.json", "report.json", "report.md", "report.html", "trigger-1.svg"} <= names
    assert "## Trigger search" in (out / "report.md").read_text("utf-8")
    jsonschema.validate(json.loads((out / "best_prompt.json").read_text("utf-8")), prompt_schema())
    config = json.loads((out / "config.json").read_text("utf-8"))
    assert config["trigger"]["candidates"] == 4
    assert config["options"]["needed"] == ["trigger"]


def test_json(record, done):
    (search,) = record["triggers"]
    history = search["history"]
    assert search["plm"] == "minilm-mlm"
    assert history["evaluations"] <= 200
    losses = [found["loss"] for found in history["improvements"]]
    assert losses == sorted(losses, reverse=True)
    assert len(search["dev"]) == len(losses)
    assert record["prompt"]["plm"]["reference"] == "minilm-mlm"


def test_the_trigger_has_a_prompt_file_whatever_was_chosen(done):
    outcome, out = done
    trigger = json.loads((out / "trigger_prompt.json").read_text("utf-8"))
    jsonschema.validate(trigger, prompt_schema())
    assert trigger["trigger"]["groups"][0]["ids"]
    told = f"promptsearch predict {out}/trigger_prompt.json" in " ".join(outcome.out.split())
    best = json.loads((out / "best_prompt.json").read_text("utf-8"))
    assert told is (best["provenance"]["engine"] != "trigger")


@pytest.mark.parametrize("file", ["best_prompt.json", "trigger_prompt.json"])
def test_what_was_found_predicts_and_is_evaluated(done, file):
    file = str(done[1] / file)
    outcome = run("predict", file, "a gorgeous, witty film", "--offline", "--device", "cpu")
    assert outcome.code == 0, outcome.err
    assert outcome.out.split("\t")[0] in ("positive", "negative")
    data = str(done[1].with_name("films.jsonl"))
    outcome = run("evaluate", file, "--data", data, "--max-test", "4", "--offline", "--json")
    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out)["n"] == 4


def without_time(record: dict) -> list[dict]:
    """What was found, in the order in which it was found."""
    return [{**found, "seconds": 0} for found in record["triggers"][0]["history"]["improvements"]]


def test_a_killed_run_ends_with_the_same_triggers(record, tmp_path):
    out = tmp_path / "run"
    process = start(*command(tmp_path), "--quiet")
    until = time.monotonic() + 120
    while not list(out.glob("checkpoints/*/trigger.json")) and time.monotonic() < until:
        assert process.poll() is None, flat(process.communicate()[1].decode())
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (out / "best_prompt.json").exists()
    outcome = run("trigger", "--resume", str(out), "--json")
    assert outcome.code == 0, outcome.err
    again = json.loads(outcome.out)
    assert without_time(again) == without_time(record)
    assert again["triggers"][0]["history"]["evaluations"] == record["triggers"][0]["history"]["evaluations"]
    assert again["prompt"]["template"] == record["prompt"]["template"]


def test_the_help_tells_the_defaults_of_the_engine():
    (command,) = [each for name, each in typer.main.get_command(app).commands.items() if name == "trigger"]  # ty: ignore
    told = {option.name: option.help for option in command.params}
    config = TriggerConfig()
    names = ("tokens", "candidates", "top_k", "swaps", "batch", "patience", "fluency")
    for name in (*names, "method", "promise", "start"):
        value = getattr(config, name)
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        assert f"[{shown}]" in told[name].replace("\\", ""), name
    assert f"[{config.objective}]" in told["loss"].replace("\\", "")
