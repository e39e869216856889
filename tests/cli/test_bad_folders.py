"""Folders and disks that cannot be written: one panel on stderr, exit code 2, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import refused, run, start
from tests.cli.test_bad_input import REVIEWS

# Folders and disks -----------------------------------------------------------------------------------


def test_a_run_folder_that_holds_other_files():
    Path("mine").mkdir()
    Path("mine/letter.txt").write_text("dear")
    said = refused(*REVIEWS, "--out", "mine")
    assert "The folder for the run holds other files, first letter.txt. mine" in said
    assert Path("mine/letter.txt").read_text() == "dear"


def test_a_config_of_another_tool_is_not_overwritten():
    Path("mine").mkdir()
    Path("mine/config.json").write_text('{"model_type": "bert"}')
    assert "holds other files, first config.json" in refused(*REVIEWS, "--out", "mine")
    assert Path("mine/config.json").read_text() == '{"model_type": "bert"}'


def test_a_run_folder_that_is_a_file():
    Path("mine").write_text("dear")
    assert "The run folder is a file. mine" in refused(*REVIEWS, "--out", "mine")
    assert "The run folder cannot be made" in refused(*REVIEWS, "--out", "mine/below")
    assert Path("mine").read_text() == "dear"


@pytest.mark.slow
def test_a_full_disk():
    # Files above this size cannot be written, as the shell's `ulimit -f` does it.
    import resource

    process = start(
        *REVIEWS,
        *("--template", "{text} It was {mask}.", "--out", "run"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000)),
    )
    out, err = process.communicate(timeout=240)
    assert process.returncode == 2
    assert out == b""
    assert "Cannot write: file too large." in err.decode()
    assert "candidates.jsonl" in err.decode()
    assert b"Traceback" not in err
    assert not list(Path("run").glob(".*.tmp"))
    json.loads(Path("run/config.json").read_text("utf-8"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_disk_behind_stdout():
    with Path("/dev/full").open("wb") as full:
        process = start("schema", stdout=full)
        _, err = process.communicate(timeout=240)
    assert process.returncode == 2
    assert "Cannot write: disk full." in err.decode()
    assert b"Traceback" not in err


def test_debug_shows_the_traceback_wherever_it_stands():
    for arguments in (["--debug", "discover", "--task", "sst3"], ["discover", "--task", "sst3", "--debug"]):
        with pytest.raises(Exception, match="no task is called 'sst3'"):
            run(*arguments)
