"""One contender in a process of its own: `python -m promptsearch.bench.worker NAME JOB.json`.

Loads the PLM, warms up and prints a line of JSON about itself. Then it goes over the job once for each line
on stdin, and prints a line of JSON with the time it took. Nothing else goes to stdout.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from promptsearch.bench.contenders import CONTENDERS, Score
from promptsearch.bench.job import Job
from promptsearch.memory import peak_memory

_WARM_UP = 8
Answer = Callable[[str], dict[str, Any]]
"""What a contender says to a line."""


def main(name: str, path: str) -> None:
    """Serve the contender of that name until stdin ends."""

    def start() -> Answer:
        job = Job.from_json(Path(path).read_text("utf-8"))
        score = CONTENDERS[name](job)
        score(job.head(_WARM_UP, 2))
        return lambda _: measure(score, job)

    serve(name, start)


def serve(name: str, start: Callable[[], Answer]) -> None:
    """Make ready, say so, and answer each line of stdin with a line of JSON until stdin ends."""
    answers = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        answer = start()
        _say(answers, {"ready": name, "threads": _threads()})
        for line in sys.stdin:
            _say(answers, answer(line.strip()))


def measure(score: Score, job: Job) -> dict[str, Any]:
    """Time one pass over the job: seconds, peak memory of the process so far in bytes, scores."""
    start = time.perf_counter()
    scores = score(job)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "peak_bytes": peak_memory(), "scores": scores}


def _threads() -> int:
    import torch

    return torch.get_num_threads()


def _say(stream: Any, content: dict[str, Any]) -> None:
    print(json.dumps(content), file=stream, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
