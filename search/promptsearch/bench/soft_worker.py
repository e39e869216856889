"""One contender in a process of its own: `python -m promptsearch.bench.soft_worker NAME JOB.json`.

As `promptsearch.bench.worker`; each line on stdin is the seconds of one training.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from promptsearch.bench.soft_contenders import CONTENDERS
from promptsearch.bench.soft_job import SoftJob
from promptsearch.bench.worker import Answer, peak_memory, serve

MODULE = "promptsearch.bench.soft_worker"


def main(name: str, path: str) -> None:
    """Serve the contender of that name until stdin ends."""

    def start() -> Answer:
        train = CONTENDERS[name](SoftJob.from_json(Path(path).read_text("utf-8")))

        def answer(seconds: str) -> dict[str, Any]:
            return asdict(replace(train(float(seconds)), peak_bytes=peak_memory()))

        return answer

    serve(name, start)


if __name__ == "__main__":
    main(*sys.argv[1:])
