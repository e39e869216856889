"""Contenders in processes of their own, seen from the outside."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from promptsearch.errors import PromptSearchError

WORKER = "promptsearch.bench.worker"


class ContenderError(PromptSearchError):
    """A contender that cannot be measured."""


@dataclass(frozen=True)
class Pass:
    """One timed pass over a job: seconds, peak memory so far in bytes, (prompts, words) log-probabilities."""

    seconds: float
    peak_bytes: int | None
    scores: list[list[float]]


class AsJson(Protocol):
    """What a contender is asked, for another process."""

    def to_json(self) -> str:
        """As a text."""
        ...


class Contestant:
    """A worker process (see `promptsearch.bench.worker`), loaded and warmed up.

    Args:
        name: what the worker calls it, as a key of `promptsearch.bench.contenders.CONTENDERS`.
        python: the interpreter to run it with; this one by default.
        worker: the module that serves it.

    Raises:
        ContenderError: it could not be loaded.
    """

    def __init__(self, name: str, job: AsJson, python: Path | None = None, worker: str = WORKER) -> None:
        self.name = name
        self._folder = tempfile.TemporaryDirectory(prefix="promptsearch-bench-")
        folder = Path(self._folder.name)
        self._errors = folder / "stderr.txt"
        (folder / "job.json").write_text(job.to_json(), "utf-8")
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [str(python or sys.executable), "-m", worker, name, str(folder / "job.json")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
            )
        try:
            self.threads = int(self._next()["threads"])
        except BaseException:
            self.close()
            raise

    def run(self) -> Pass:
        """Have it go over the job once.

        Raises:
            ContenderError: it failed.
        """
        return Pass(**self.ask("go"))

    def ask(self, line: str) -> dict[str, Any]:
        """Its answer to a line.

        Raises:
            ContenderError: it failed.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._next()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()

    def _next(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            return json.loads(line)
        self._process.wait()
        last = self._errors.read_text("utf-8", errors="replace").strip().splitlines()[-1:]
        raise ContenderError(f"the contender {self.name!r} stopped", where="".join(last)[:500] or None)
