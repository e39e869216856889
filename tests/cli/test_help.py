"""What answers at once: help, lists, the schema."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from promptsearch.artefact import schema
from promptsearch.cli.app import app
from tests.cli.running import refused, run

HEAVY = ("torch", "transformers", "datasets", "optuna", "numpy", "nltk")
IMPORTED = f"""
import sys
sys.argv = ["promptsearch", *sys.argv[1:]]
from promptsearch.cli.app import main
try:
    main()
except SystemExit as stop:
    assert stop.code == 0, stop.code
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""


def commands() -> list[list[str]]:
    """Every command there is, as arguments."""
    import typer.main

    found: list[list[str]] = [[]]

    def walk(command, path: list[str]) -> None:
        for name, child in getattr(command, "commands", {}).items():
            found.append([*path, name])
            walk(child, [*path, name])

    walk(typer.main.get_command(app), [])
    return found


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["discover", "--help"], ["mine", "--help"], ["tasks", "--help"]],
)
def test_help_imports_nothing_heavy(arguments):
    done = subprocess.run([sys.executable, "-c", IMPORTED, *arguments], capture_output=True, check=True)
    assert done.stderr.decode().strip() == "[]"


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_help_fits_eighty_columns(command):
    outcome = run(*command, "--help")
    assert outcome.code == 0
    assert outcome.err == ""
    lines = outcome.out.splitlines()
    assert max(map(len, lines)) <= 80
    # An ellipsis stands for what was cut off.
    assert not any("…" in line.replace("='…'", "") for line in lines)


def test_help_tells_defaults_that_depend():
    out = " ".join(run("discover", "--help").out.replace("│", " ").split())
    for default in (
        "(default: minilm-mlm and smollm2-135m)",
        "(default: the first three, and trigger with --minutes 5 or more or --preset thorough;",
        "(default: runs/TASK-TIME)",
    ):
        assert default in out


def test_help_of_mine_tells_where_it_reads_and_what_it_keeps():
    out = " ".join(run("mine", "--help").out.replace("│", " ").split())
    for told in (
        "'dumps/*.zst'",
        "(default: the bundled text)",
        "subject and object (or x and y)",
        "(default: the cache folder, if it takes long)",
        "(default: all for facts, else 16)",
        "(default: minilm-mlm)",
        "Ctrl-C keeps what has been counted",
    ):
        assert told in out, told


def test_a_command_group_alone_shows_its_help():
    for group in ([], ["tasks"], ["models"]):
        assert "Usage:" in run(*group).out


def test_version():
    from importlib.metadata import version

    assert run("--version").out == f"promptsearch {version('promptsearch')}\n"


def test_list_of_tasks():
    tasks = {row["task"]: row for row in json.loads(run("tasks", "list", "--json").out)}
    assert tasks["sst2"]["stand_in"] == "reviews"
    assert tasks["rte"]["fields"] == ["text_a", "text_b"]
    assert {"reviews", "topics", "entail", "lama"} <= set(tasks)
    shown = run("tasks", "list").out.splitlines()
    assert max(map(len, shown)) <= 80
    # Each on a line of its own, none of it on the next.
    listed = [line.split(None, 2) for line in shown[1 : len(tasks) + 1]]
    assert {name: (kind, what.strip()) for name, kind, what in listed} == {
        name: (row["kind"], row["title"]) for name, row in tasks.items()
    }


def test_list_of_plms():
    plms = {row["reference"]: row for row in json.loads(run("models", "list", "--json").out)}
    assert plms["minilm-mlm"]["present"] is True
    assert plms["minilm-mlm"]["family"] == "masked"
    assert "smollm2-135m" in plms
    assert max(map(len, run("models", "list").out.splitlines())) <= 80


def test_one_plm():
    details = json.loads(run("models", "show", "minilm-mlm", "--json").out)
    assert details["architecture"] == "BertForMaskedLM"
    assert details["parameters"] == 22_744_506
    assert "BertForMaskedLM" in run("models", "show", "minilm-mlm").out


def test_a_plm_that_is_here_is_not_fetched():
    outcome = run("models", "get", "minilm-mlm")
    assert outcome.code == 0
    assert outcome.out.startswith("minilm-mlm is in ")
    assert outcome.err == ""


def test_one_task():
    outcome = run("tasks", "show", "rte", "--json")
    task = json.loads(outcome.out)
    assert (task["task"], task["stand_in_for"]) == ("entail", "rte")
    assert task["splits"]["train"]["examples"] == sum(task["splits"]["train"]["labels"].values())
    assert set(task["examples"][0]) == {"text_a", "text_b", "label"}
    assert outcome.err == ""
    shown = run("tasks", "show", "rte")
    assert "text_a, text_b" in shown.out
    assert "stands in for rte" in shown.said


def test_the_kind_of_ones_own_data():
    Path("own.csv").write_text("text,label\na,1\nb,2\nc,1\n")
    command = ("tasks", "show", "--data", "own.csv")
    assert "guessed from fields and labels: topic (--kind or" in run(*command).said
    outcome = run(*command, "--kind", "sentiment")
    assert outcome.err == ""
    assert ["kind", "sentiment"] in [line.split() for line in outcome.out.splitlines()]
    said = refused(*command, "--kind", "sentimental")
    assert "There is no kind of task 'sentimental'. Did you mean sentiment? Kinds: acceptability," in said


def test_the_schema_is_the_committed_one():
    out = run("schema").out
    json.loads(out)
    assert out == Path(schema.__file__).with_name("prompt.schema.json").read_text("utf-8")


def test_python_runs_the_package():
    done = subprocess.run([sys.executable, "-m", "promptsearch", "schema"], capture_output=True, check=True)
    assert json.loads(done.stdout)["title"]
