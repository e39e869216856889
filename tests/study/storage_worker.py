"""A worker of a shared study, as a process of its own: runs what is planned and says so line by line.

    python -m tests.study.storage_worker PLACE SECONDS [HOST]

Each trial takes so long; HOST makes it seem to run on a machine of that name.
"""

from __future__ import annotations

import sys
import time

from promptsearch.study import owner
from promptsearch.study.heartbeat import Heartbeat
from promptsearch.study.stale import ask_planned, tell, unfinished
from promptsearch.study.storage import open_study

INTERVAL, GRACE = 0.3, 2.0


def main(place: str, seconds: float, host: str | None = None) -> None:
    if host is not None:
        elsewhere = owner.Machine(host)
        owner.this_machine = lambda: elsewhere  # ty: ignore[invalid-assignment]
    study = open_study(place)
    with Heartbeat(study, INTERVAL, GRACE) as heart:
        say("ready")
        while unfinished(study):
            heart.reclaim()
            trial = ask_planned(study)
            if trial is None:
                # Others have the rest; one of them may die.
                time.sleep(0.1)
                continue
            item = trial.suggest_int("item", 0, 99)
            say(f"begin {item}")
            time.sleep(seconds)
            say(f"end {item} {tell(study, trial, item)}")


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), *sys.argv[3:])
