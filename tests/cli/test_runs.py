"""`promptsearch runs`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from promptsearch.study.artefacts import run_lock
from tests.cli.running import refused, run


@pytest.fixture
def runs(found) -> Path:
    """A finished run and one that was stopped, in the default folder."""
    shutil.copytree(found.folder, "runs/done")
    Path("runs/killed").mkdir()
    config = {"task": "topics", "fingerprint": "0f", "plms": ["smollm2-135m"]}
    Path("runs/killed/config.json").write_text(json.dumps(config))
    Path("runs/killed/study.log").touch()
    return Path("runs")


def test_state_figure_and_task_of_each(runs, found):
    outcome = run("runs")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert max(map(len, lines)) <= 80
    [done] = [line for line in lines if line.startswith("runs/done")]
    low, high = found.best.test.accuracy_interval
    assert f"{100 * found.best.test.accuracy:.1f} [{100 * low:.1f}, {100 * high:.1f}]" in done
    assert "reviews for sst2, minilm-mlm " in outcome.out
    assert "topics, smollm2-135m " in outcome.out
    [killed] = [line for line in lines if line.startswith("runs/killed")]
    assert "stopped" in killed
    assert "promptsearch discover --resume runs/killed" in outcome.out


@pytest.mark.parametrize("command", ["trigger", "tune"])
def test_what_was_begun_by_another_command_is_gone_on_with_by_it(runs, command):
    config = {"task": "topics", "fingerprint": "0f", "command": f"promptsearch {command} --task ag_news"}
    Path("runs/killed/config.json").write_text(json.dumps(config))
    assert f"promptsearch {command} --resume runs/killed" in run("runs").out


def test_as_json(runs, found):
    records = {record["folder"]: record for record in json.loads(run("runs", "--json").out)}
    assert records["runs/done"]["state"] == "done"
    assert records["runs/done"]["test"]["n"] == found.best.test.n
    assert (records["runs/killed"]["state"], records["runs/killed"]["test"]) == (
        "stopped, can be resumed",
        None,
    )


def test_a_run_going_on_and_a_broken_one(runs):
    Path("runs/done/config.json").write_text("{")
    with run_lock(Path("runs/killed")):
        outcome = run("runs", "runs/done", "runs/killed")
    assert outcome.code == 0
    assert "going on" in outcome.out
    lines = outcome.out.splitlines()
    [broken] = [i for i, line in enumerate(lines) if "broken" in line]
    assert lines[broken].startswith("runs/done")
    assert lines[broken + 1].strip() == "config.json is no JSON"


def test_nothing_yet():
    assert run("runs").out == "There are no runs in runs. Make one: promptsearch discover --task sst2\n"
    assert run("runs", "--json").out == "[]\n"
    Path("mine").mkdir()
    assert run("runs", "mine").out.startswith("There are no runs in mine.")


def test_a_folder_that_is_not_there_is_refused():
    assert "There is no such folder. mine" in refused("runs", "mine")
