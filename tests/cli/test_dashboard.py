"""`promptsearch dashboard`."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import typer

from promptsearch.cli import dashboard
from promptsearch.errors import OptionError, StorageError
from promptsearch.study.stale import ask, tell
from promptsearch.study.storage import open_study

CODE = "import sys, typer; from promptsearch.cli.dashboard import command; typer.run(command)"


@pytest.fixture
def run(tmp_path: Path) -> str:
    """A run with one finished trial and one that runs."""
    study = open_study(tmp_path)
    trial = ask(study)
    tell(study, trial, trial.suggest_float("x", 0, 1))
    ask(study)
    return str(tmp_path)


def test_the_pages_show_the_study_and_leave_it_as_it_is(run: str) -> None:
    pytest.importorskip("optuna_dashboard")
    before = (Path(run) / "study.log").read_bytes()
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, run, "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{address}api/studies") as answer:
            (study,) = json.load(answer)["study_summaries"]
        assert study["study_name"] == "promptsearch"
        with urllib.request.urlopen(f"{address}dashboard/") as answer:
            assert b"<html" in answer.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.communicate()
    assert (Path(run) / "study.log").read_bytes() == before


def test_a_folder_without_a_study_is_refused_and_stays_empty(tmp_path: Path) -> None:
    pytest.importorskip("optuna_dashboard")
    with pytest.raises(StorageError, match="no study here"):
        dashboard.command(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_the_extra_is_named_where_it_is_missing(run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna_dashboard", None)
    with pytest.raises(OptionError) as error:
        dashboard.command(run)
    assert "pip install 'promptsearch[dashboard]'" in str(error.value.hint)


def test_a_port_that_is_taken_is_told(run: str) -> None:
    pytest.importorskip("optuna_dashboard")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OptionError, match=r"cannot listen on 127\.0\.0\.1, port"):
            dashboard.command(run, port=taken.getsockname()[1])


def test_the_command_has_a_help() -> None:
    app = typer.Typer()
    app.command("dashboard")(dashboard.command)
    assert "RUN" in typer.main.get_command(app).get_usage(typer.Context(typer.main.get_command(app)))
