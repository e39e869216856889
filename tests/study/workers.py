"""Runs in several processes, and what to compare them by."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from optuna.trial import TrialState

from promptsearch.study.progress import SUMMARY
from promptsearch.study.sampler import group_and_number
from promptsearch.study.stale import owner_of
from promptsearch.study.storage import open_storage

SECONDS = 240
# A fixed set of candidates that keeps a process busy for long enough that another gets some.
OPTIONS = (
    *("--task", "reviews", "--plm", "minilm-mlm", "--engine", "manual", "--shots", "16", "--max-test", "20"),
    *("--offline", "--evaluations", "99", "--device", "cpu", "--dtype", "float32", "--quiet"),
)


def start(*arguments: str, cache: Path) -> subprocess.Popen[bytes]:
    """The command in a process of its own, with a cache of answer states of its own."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PROMPTSEARCH_CACHE": str(cache)}
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "promptsearch", *arguments]
    return subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)


def end(process: subprocess.Popen[bytes]) -> str:
    """Wait for a process that should end well; what it printed."""
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, err.decode()
    return out.decode()


def wait_for(what: Callable[[], object], *processes: subprocess.Popen[bytes]) -> None:
    """Wait until something holds, while none of the processes has failed."""
    deadline = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < deadline
        for process in processes:
            assert process.poll() in (None, 0), process.communicate()[1].decode()
        time.sleep(0.05)


def studies(place: str | Path) -> int:
    """How many studies a storage has."""
    return len(open_storage(place).get_all_studies())


def owners(place: str | Path) -> dict[int, int]:
    """Process -> templates that it has tried or is at."""
    storage = open_storage(place)
    found: dict[int, int] = {}
    for study in storage.get_all_studies():
        for trial in storage.get_all_trials(study._study_id, deepcopy=False):
            owner = owner_of(trial)
            if owner is not None and trial.state != TrialState.FAIL:
                found[owner.pid] = found.get(owner.pid, 0) + 1
    return found


def evaluated(place: str | Path) -> list[tuple[str, int]]:
    """The templates that were tried to the end, by group and number, sorted."""
    storage = open_storage(place)
    (study,) = storage.get_all_studies()
    trials = storage.get_all_trials(study._study_id, deepcopy=False)
    places = [group_and_number(trial.params) for trial in trials if SUMMARY in trial.user_attrs]
    return sorted((place[0].parameter, place[1]) for place in places if place is not None)


def figures(folder: Path) -> dict[str, list[float]]:
    """PLM, template, words and calibration -> metric and log-likelihood on train and dev."""
    found = {}
    for line in (folder / "candidates.jsonl").read_text("utf-8").splitlines():
        record = json.loads(line)
        key = json.dumps([record[name] for name in ("plm", "template", "answers", "calibration")])
        assert key not in found
        found[key] = [
            record[split][name] for split in ("train", "dev") for name in ("value", "log_likelihood")
        ]
    return found
