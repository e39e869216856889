"""Run the command line, in this process or one of its own."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

import pytest

from promptsearch.cli import app, screen

LOG = logging.getLogger("promptsearch")


@dataclass(frozen=True)
class Outcome:
    """What a command left behind: exit code, stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """What stands on stderr, without frames and line breaks."""
        return flat(self.err)


def flat(text: str) -> str:
    return " ".join("".join(" " if char in "╭╮╰╯│─" else char for char in text).split())


def run(
    *arguments: str, stdin: bytes | str = b"", encoding: str = "utf-8", columns: int | None = None
) -> Outcome:
    """The command in this process; what it changes in the process is set back.

    Args:
        columns: how wide the terminal is said to be (default: nothing is said).
    """
    data = stdin.encode() if isinstance(stdin, str) else stdin
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True) for _ in range(2)]
    code = 0
    log = LOG.handlers, LOG.propagate, LOG.level
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["promptsearch", *arguments])
        # As in a process of its own: this one may be older than the command has time.
        patch.setattr(screen, "STARTED", time.monotonic())
        if columns is not None:
            patch.setenv("COLUMNS", str(columns))
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        try:
            app.main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        finally:
            LOG.handlers, LOG.propagate, _ = log
            LOG.setLevel(log[2])
    out, err = (stream.buffer.getvalue().decode(encoding) for stream in streams)  # ty: ignore
    return Outcome(code, out, err)


def refused(*arguments: str, **options: Any) -> str:
    """The words of the one panel with which a command refuses what it was given."""
    # Wide enough that no path is broken, however long that of a test's folder is.
    outcome = run(*arguments, **{"columns": 1000, **options})
    assert outcome.code == 2, outcome
    assert outcome.out == ""
    assert outcome.err.count("╭─ Error") == 1
    assert outcome.err.count("╭") == 1
    assert "Traceback" not in outcome.err
    return outcome.said


def start(*arguments: str, env: dict[str, str] | None = None, **options: Any) -> subprocess.Popen[bytes]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "promptsearch", *arguments]
    pipe = subprocess.PIPE
    surroundings = {**os.environ, "OMP_NUM_THREADS": "1", **(env or {})}
    return subprocess.Popen(command, env=surroundings, **{"stdout": pipe, "stderr": pipe, **options})
