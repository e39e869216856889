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
    assert "holds another run that is not finished" in said
    assert f"promptsearch discover --resume {begun}" in said


@pytest.mark.parametrize(
    "given",
    [("--seeds", "3"), ("--plm", "smollm2-135m"), ("--map", "text=text"), ("--no-stand-in",)],
)
def test_what_a_run_keeps_cannot_be_given_anew(begun, given):
    said = refused("discover", "--resume", begun, *given)
    assert f"{given[0]} cannot be given with --resume" in said
    assert "--minutes, --evaluations" in said


def test_a_config_that_was_changed_by_hand(begun):
    path = Path("run/config.json")
    kept = json.loads(path.read_text("utf-8"))
    wrong = {"seed": "one", "shots": "all", "max_test": 1.5, "workers": True, "engines": "manual", "task": 5}
    wrong |= {"plms": [7], "device": None, "label_words": "none", "words": [1]}
    for name, value in wrong.items():
        path.write_text(json.dumps({**kept, "options": {**kept["options"], name: value}}), "utf-8")
        assert "option" in refused("discover", "--resume", begun)


def test_a_search_without_labels_goes_on():
    arguments = ("discover", "--task", "reviews", "--plm", "minilm-mlm", "--shots", "0", "--max-test", "4")
    arguments += ("--engine", "manual", "--template", TEMPLATES[0], "--template", TEMPLATES[1], "--quiet")
    assert run(*arguments, "--evaluations", "1", "--out", "run").code == 0
    assert tried() == {TEMPLATES[0]}
    Path("run/best_prompt.json").unlink()
    assert run("discover", "--resume", "run", "--evaluations", "2", "--quiet").code == 0
    assert tried() == set(TEMPLATES[:2])
    said = refused("discover", "--resume", "run", "--workers", "2")
    assert "--workers is for a search with labelled examples" in said


def test_the_same_command_goes_on_with_an_unfinished_run():
    arguments = ("discover", "--task", "reviews", "--plm", "minilm-mlm", "--shots", "2", "--max-test", "4")
    arguments += ("--engine", "manual", "--template", "{text} It was {mask}.", "--out", "run", "--offline")
    assert run(*arguments).code == 0
    Path("run/best_prompt.json").unlink()
    before = Path("run/study.log").read_text("utf-8")
    again = run(*arguments)
    assert again.code == 0
    assert "was not finished; it goes on" in again.said
    assert Path("run/study.log").read_text("utf-8").startswith(before)
    Path("run/best_prompt.json").unlink()
    other = run(*arguments, "--seed", "1")
    assert other.code == 2
    assert "another run that is not finished" in other.said
