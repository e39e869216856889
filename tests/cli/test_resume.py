"""`promptsearch discover --resume`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import ROWS, lines
from tests.cli.running import refused, run

TEMPLATES = ("{text} It was {mask}.", "{text} So {mask}.", "{mask}: {text}")
SMALL = ("--plm", "minilm-mlm", "--shots", "4", "--engine", "manual", "--words", "negative=bad;positive=good")


@pytest.fixture
def begun() -> str:
    """A run that was allowed one template of three."""
    given = [part for source in TEMPLATES for part in ("--template", source)]
    data = lines("rows.jsonl", ROWS)
    options = ("--data", data, "--kind", "sentiment", *SMALL, *given, "--evaluations", "1")
    outcome = run("discover", *options, "--out", "run", "--quiet")
    assert outcome.code == 0, outcome.err
    return "run"


def tried() -> set[str]:
    return {json.loads(line)["template"] for line in Path("run/candidates.jsonl").read_text().splitlines()}


def test_a_run_goes_on_with_what_it_was_begun_with(begun):
    assert tried() == {TEMPLATES[0]}
    outcome = run("discover", "--resume", begun, "--evaluations", "9", "--quiet")
    assert outcome.code == 0, outcome.err
    assert tried() == set(TEMPLATES)


def test_without_more_to_spend_nothing_more_is_tried(begun):
    assert run("discover", "--resume", begun, "--quiet").code == 0
    assert tried() == {TEMPLATES[0]}


def test_json_of_a_resumed_run(begun):
    outcome = run("discover", "--resume", begun, "--evaluations", "2", "--json")
    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out)
    assert len(tried()) == 2


def test_what_cannot_be_resumed(begun):
    assert "holds no run" in refused("discover", "--resume", "nowhere")
    assert "greater than or equal to 1" in refused("discover", "--resume", begun, "--evaluations", "0")
    Path("rows.jsonl").write_text("", "utf-8")
    refused("discover", "--resume", begun)
    lines("rows.jsonl", [{**row, "text": f"other {row['text']}"} for row in ROWS])
    said = refused("discover", "--resume", begun)
    assert "The data are not those that the run was begun with" in said
    assert Path("run/best_prompt.json").exists()


def test_a_folder_that_is_begun_is_not_begun_anew(begun):
    Path("run/best_prompt.json").unlink()
    said = refused("discover", "--data", "rows.jsonl", *SMALL, "--out", begun)
    assert "holds a run that is not finished" in said
    assert f"promptsearch discover --resume {begun}" in said
