"""A mining command that is killed or stopped goes on where it was, without being told a file for that."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from promptsearch.cli.screen import reading_text
from promptsearch.engines.mining.running import automatic
from promptsearch.engines.mining.running.merging import Part
from promptsearch.paths import cache_dir
from tests.cli.mining import QUICK, write_pairs, write_texts
from tests.cli.running import run

ALONE = ("mine", "--pairs", "towns.csv", "--corpus", "texts/*.txt", "--no-plm", "--workers", "1")
SEGMENTS = 8
# The command, with the signal sent to itself when it has kept three states.
STOPPED = """
import os, sys, time
from promptsearch.cli.app import main
from promptsearch.engines.mining.running import automatic, counting

automatic.WORTH_SECONDS = 0.0

class Eager(automatic.AutomaticCheckpoint):
    kept = 0

    def keep_if_due(self, state):
        self.keep(state)
        self.kept += 1
        if self.kept == 3:
            os.kill(os.getpid(), int(os.environ["SIGNAL"]))
            time.sleep(1)

counting.AutomaticCheckpoint = Eager
main()
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of the test's own."""
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path / "cache"))
    write_pairs(), write_texts(files=SEGMENTS)


def stopped(signal: int, *arguments: str, program: str = STOPPED) -> subprocess.CompletedProcess[bytes]:
    surroundings = {**os.environ, "SIGNAL": str(signal)}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], env=surroundings, capture_output=True, timeout=240
    )


def checkpoints() -> list[Path]:
    return list((cache_dir() / "mining").glob("*"))


def without_time(folder: str) -> dict:
    found = json.loads(Path(f"{folder}/mined.json").read_text("utf-8"))
    return {key: value for key, value in found.items() if key != "seconds"}


def segments_read(monkeypatch, *arguments: str) -> int:
    """How many segments a command counts in."""
    of, seen = Part.of, []
    monkeypatch.setattr(Part, "of", lambda *given: seen.append(given) or of(*given))
    assert run(*arguments).code == 0
    return len(seen)


@pytest.mark.parametrize(("signal", "code"), [(9, -9), (2, 130)], ids=["killed", "Ctrl-C"])
def test_the_same_command_goes_on(monkeypatch, signal, code):
    done = stopped(signal, *ALONE, "--out", "run")
    assert done.returncode == code, done.stderr
    assert len(checkpoints()) == 1
    if signal == 2:
        assert b"The same command goes on from here" in done.stderr
    assert segments_read(monkeypatch, *ALONE, "--out", "run") == SEGMENTS - 3
    assert checkpoints() == []
    assert run(*ALONE, "--out", "whole").code == 0
    assert without_time("run") == without_time("whole")


def test_what_an_earlier_run_had_read_is_told_and_no_rate_counts_it():
    stopped(9, *ALONE, "--out", "run")
    out = run(*ALONE, "--out", "run").out
    found = re.search(r"Mined (\d+) sentences, (\d+) of them in an earlier run, in", out)
    assert found is not None, out
    whole, before = map(int, found.groups())
    assert 0 < before < whole
    assert "earlier run" not in run(*ALONE, "--out", "whole").out


def test_a_rate_is_of_what_was_read_since():
    text = reading_text(9_000_000, 10_000_000, 5000, 2.0, before=(5_000_000, 1000))
    assert text == "Reading text: 9.0 of 10.0 MB, 2,000 sentences/s, 0:00 left"
    assert reading_text(5_000_000, 10_000_000, 1000, 2.0, (5_000_000, 1000)).endswith(" 0 sentences/s")


WITH_PLM = ("mine", "--task", "facts:P103", *QUICK, "--workers", "1", "--out", "run")
KILLED_IN_THE_PLM_PHASE = """
import os
from promptsearch.cli.app import main
from promptsearch.engines.mining import engine
from promptsearch.engines.mining.running import automatic

automatic.WORTH_SECONDS = 0.0
engine.read = lambda *given: os.kill(os.getpid(), int(os.environ["SIGNAL"]))
main()
"""


@pytest.mark.parametrize(("signal", "code"), [(9, -9), (2, 130)], ids=["killed", "Ctrl-C"])
def test_a_stop_after_counting_does_not_count_again(monkeypatch, signal, code):
    done = stopped(signal, *WITH_PLM, program=KILLED_IN_THE_PLM_PHASE)
    assert done.returncode == code, done.stderr
    assert len(checkpoints()) == 1
    assert segments_read(monkeypatch, *WITH_PLM) == 0
    assert checkpoints() == []


def test_a_finished_command_leaves_no_checkpoint(monkeypatch):
    monkeypatch.setattr(automatic, "WORTH_SECONDS", 0.0)
    assert segments_read(monkeypatch, *ALONE, "--out", "run") == SEGMENTS
    assert checkpoints() == []


def test_another_command_starts_from_the_beginning(monkeypatch):
    stopped(9, *ALONE, "--out", "run")
    assert segments_read(monkeypatch, *ALONE, "--between", "3", "--out", "other") == SEGMENTS
    assert len(checkpoints()) == 1


def test_a_damaged_checkpoint_of_the_cache_is_dropped():
    stopped(9, *ALONE, "--out", "run")
    (checkpoint,) = checkpoints()
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    outcome = run(*ALONE, "--out", "run")
    assert outcome.code == 0
    assert "counting starts from the beginning: the checkpoint is damaged" in outcome.said
    assert checkpoints() == []


def test_a_short_run_writes_none():
    assert run(*ALONE, "--out", "run").code == 0
    assert not (cache_dir() / "mining").exists()
