"""One contender in a process of its own: `python -m promptsearch.bench.trigger_worker NAME JOB.json`.

As `promptsearch.bench.worker`; each line on stdin is the seconds of one search.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from promptsearch.bench.trigger_contenders import CONTENDERS
from promptsearch.bench.trigger_job import TriggerJob
from promptsearch.bench.worker import Answer, peak_memory, serve

MODULE = "promptsearch.bench.trigger_worker"


def main(name: str, path: str) -> None:
    """Serve the contender of that name until stdin ends."""

    def start() -> Answer:
        search = CONTENDERS[name](TriggerJob.from_json(Path(path).read_text("utf-8")))

        def answer(seconds: str) -> dict[str, Any]:
            found = search(float(seconds))
            return asdict(replace(found, peak_bytes=peak_memory()))

        return answer

    serve(name, start)


if __name__ == "__main__":
    main(*sys.argv[1:])
