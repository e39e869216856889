"""Processes that wait for each other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from promptsearch.locks import one_at_a_time

CODE = """
import sys, time
from pathlib import Path
from promptsearch.locks import one_at_a_time

place = Path(sys.argv[1])
with one_at_a_time(place / ".lock"):
    inside = place / "inside"
    assert not inside.exists()
    inside.touch()
    time.sleep(0.1)
    inside.unlink()
"""


def test_no_two_processes_are_within_at_once(tmp_path):
    command = [sys.executable, "-c", CODE, str(tmp_path)]
    processes = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait(120) for process in processes] == [0] * 4


def test_what_is_raised_within_comes_out_and_opens_the_lock(tmp_path):
    for _ in range(2):
        with pytest.raises(ValueError, match="within"), one_at_a_time(tmp_path / "deeper" / ".lock"):
            raise ValueError("within")


def test_nobody_waits_where_nothing_can_be_written():
    entered = 0
    for _ in range(2):
        with one_at_a_time(Path("/proc/no such folder/.lock")), one_at_a_time(Path("/proc/no such/.lock")):
            entered += 1
    assert entered == 2
