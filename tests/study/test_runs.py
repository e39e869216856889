"""What the files of a run's folder tell, whatever became of them."""

from __future__ import annotations

import errno
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from promptsearch.errors import StorageError
from promptsearch.study.artefacts import run_lock
from promptsearch.study.runs import list_runs, run_of

CONFIG = {"task": "reviews", "stand_in_for": "sst2", "fingerprint": "0f", "plms": ["minilm-mlm"], "seeds": 1}


@pytest.fixture
def done(tmp_path: Path, prompt_file: str) -> Path:
    """A finished run, without what this version writes of reports."""
    return made(tmp_path / "runs" / "done", prompt_file)


def made(folder: Path, prompt_file: str | None = None, **config: Any) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG | config))
    (folder / "study.log").touch()
    (folder / "candidates.jsonl").touch()
    if prompt_file is not None:
        shutil.copy(prompt_file, folder / "best_prompt.json")
    return folder


def test_a_real_run(found):
    run = run_of(found.folder)
    test = found.best.test
    assert run.state == "done"
    assert (run.task, run.stand_in_for, run.plms) == ("reviews", "sst2", ("minilm-mlm",))
    assert (run.test.n, run.test.value) == (test.n, pytest.approx(test.accuracy))
    assert (run.test.low, run.test.high) == pytest.approx(tuple(test.accuracy_interval))
    assert run.record()["test"]["interval"] == [run.test.low, run.test.high]


def test_seconds_are_those_of_the_report(done):
    assert run_of(done).seconds is None
    (done / "report.json").write_text('{"seconds": 12.5, "history": [{"seconds": 3.0}]}')
    assert run_of(done).seconds == 12.5


def test_a_run_without_its_prompt_can_be_resumed(tmp_path):
    run = run_of(made(tmp_path / "killed"))
    assert (run.state, run.plms, run.test) == ("stopped, can be resumed", ("minilm-mlm",), None)


def test_an_interrupted_run_can_be_resumed(done):
    (done / "report.json").write_text('{"interrupted": true, "seconds": 3}')
    assert run_of(done).state == "stopped, can be resumed"
    (done / "study.log").unlink()
    assert run_of(done).state == "stopped"


def test_a_study_kept_elsewhere_can_be_resumed(tmp_path):
    folder = made(tmp_path / "run", options={"storage": "postgresql://somewhere"})
    (folder / "study.log").unlink()
    assert run_of(folder).state == "stopped, can be resumed"
    assert run_of(made(tmp_path / "other", options={"storage": None})).state == "stopped, can be resumed"


def test_draws_that_are_left_are_gone_on_with(tmp_path, prompt_file):
    folder = made(tmp_path / "run", prompt_file, seeds=3)
    made(folder / "seed-1", prompt_file)
    made(folder / "seed-2")
    assert run_of(folder).state == "stopped, can be resumed"
    shutil.copy(prompt_file, folder / "seed-2" / "best_prompt.json")
    (folder / "report.json").write_text('{"seeds": []}')
    assert run_of(folder).state == "stopped, can be resumed"
    (folder / "report.json").write_text('{"seeds": [{}, {}, {}]}')
    assert run_of(folder).state == "done"


def test_a_run_that_is_searched_in_goes_on(done):
    with run_lock(done):
        assert run_of(done).state == "going on"
    assert run_of(done).state == "done"
    draw = made(done / "seed-1")
    with run_lock(draw):
        assert run_of(done).state == "going on"


def test_a_file_system_without_locks_is_told_as_such(done, monkeypatch):
    def none(_: object) -> bool:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("promptsearch.study.artefacts.try_lock", none)
    with pytest.raises(StorageError, match="the file system has no locks") as error, run_lock(done):
        pass
    assert "--out" in str(error.value.hint)
    assert run_of(done).state == "done"


def test_what_other_commands_leave(tmp_path, done):
    mined = made(tmp_path / "mined")
    (mined / "study.log").unlink()
    (mined / "mined.json").write_text("{}")
    assert run_of(mined).state == "mined only"
    (mined / "mined.json").unlink()
    assert run_of(mined).state == "stopped"
    (done / "candidates.jsonl").unlink()
    assert run_of(done).state == "words only"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("config.json", b"{", "config.json is no JSON"),
        ("config.json", b"[]", "config.json holds no JSON object"),
        ("config.json", b"\xff\xfe", "config.json is no JSON"),
        ("config.json", None, "config.json is missing"),
        ("report.json", b'{"seconds": ', "report.json is no JSON"),
        ("best_prompt.json", b'{"format": 1}', "best_prompt.json: "),
        ("best_prompt.json", b"", "best_prompt.json: "),
    ],
)
def test_a_broken_run_says_why_and_stands_among_the_others(done, prompt_file, name, content, why):
    made(done.parent / "other", prompt_file)
    if content is None:
        (done / name).unlink()
    else:
        (done / name).write_bytes(content)
    states = {run.folder.name: run for run in list_runs([done.parent])}
    assert states["other"].state == "done"
    assert states["done"].state == "broken"
    assert why in states["done"].told


def test_values_of_other_kinds_do_no_harm(tmp_path):
    folder = made(tmp_path / "run", task=7, stand_in_for=[], plms="x", seeds="many", options=3)
    (folder / "report.json").write_text('{"seconds": "long", "interrupted": 1}')
    run = run_of(folder)
    assert (run.task, run.stand_in_for, run.plms, run.seconds) == (None, None, (), None)


def test_the_newest_stands_first_and_draws_are_no_runs(tmp_path, done):
    made(done / "seed-1")
    killed = made(tmp_path / "runs" / "killed")
    listed = list_runs([tmp_path / "runs"])
    assert [run.folder for run in listed] == [killed, done]  # the prompt was found before
    assert listed[0].when > listed[1].when


def test_only_runs_are_listed_each_once(tmp_path, done):
    (tmp_path / "runs" / "notes").mkdir()
    (tmp_path / "runs" / "notes" / "todo.txt").touch()
    (tmp_path / "runs" / "begun").mkdir()
    (tmp_path / "runs" / "file").touch()
    listed = list_runs([tmp_path / "runs", done])
    assert sorted(run.folder.name for run in listed) == ["begun", "done"]
    assert {run.folder.name: run.state for run in listed}["begun"] == "empty"


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(StorageError, match="there is no such folder"):
        list_runs([tmp_path / "none"])
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="this is a file"):
        list_runs([tmp_path / "file"])


def test_a_hundred_runs_are_listed_at_once(tmp_path, prompt_file):
    report = json.dumps({"seconds": 4.0, "candidates": [{"template": "{text} It was {mask}."}] * 250})
    for i in range(100):
        folder = made(tmp_path / f"run-{i}", prompt_file)
        (folder / "report.json").write_text(report)
    started = time.process_time()
    assert len(list_runs([tmp_path])) == 100
    assert time.process_time() - started < 0.5
