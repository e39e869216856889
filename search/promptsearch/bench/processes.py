"""Contenders in processes of their own, seen from the outside."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptsearch.bench.job import Job
from promptsearch.errors import PromptSearchError


class ContenderError(PromptSearchError):
    """A contender that cannot be measured."""


@dataclass(frozen=True)
class Pass:
    """One timed pass over a job: seconds, peak memory so far in bytes, (prompts, words) log-probabilities."""

    seconds: float
    peak_bytes: int | None
    scores: list[list[float]]


class Contestant:
    """A worker process (see `promptsearch.bench.worker`), loaded and warmed up.

    Args:
        name: a key of `promptsearch.bench.contenders.CONTENDERS`.
        python: the interpreter to run it with.

    Raises:
        ContenderError: it could not be loaded.
    """

    def __init__(self, name: str, job: Job, python: Path | str = sys.executable) -> None:
        self.name = name
        self._folder = tempfile.TemporaryDirectory(prefix="promptsearch-bench-")
        folder = Path(self._folder.name)
        self._errors = folder / "stderr.txt"
        (folder / "job.json").write_text(job.to_json(), "utf-8")
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [str(python), "-m", "promptsearch.bench.worker", name, str(folder / "job.json")],
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
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return Pass(**self._next())

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
