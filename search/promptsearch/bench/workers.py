"""How much faster several processes are than one, on a fixed set of candidates."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna

from promptsearch.bench.fresh_cache import fresh_cache
from promptsearch.bench.machine import load_now
from promptsearch.bench.processes import ContenderError
from promptsearch.study.artefacts import STUDY_FILE
from promptsearch.study.progress import SUMMARY
from promptsearch.study.stale import owner_of
from promptsearch.study.storage import open_storage

# Each process computes with one thread, so that it has a core of its own and no more.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Course:
    """One search over a fixed set of candidates, with an empty cache of answer states.

    Attributes:
        evaluations: templates that were tried.
        seconds: from the first trial's start to the last one's end, start-up of workers included.
        both: templates a second while every process was at work; None where they never all were.
        whole: of the command, start-up and report included.
        load: of the machine when it began: processes that wait, over one minute.
    """

    workers: int
    evaluations: int
    seconds: float
    both: float | None
    whole: float
    load: float | None


@dataclass(frozen=True)
class WorkersBench:
    """Searches in one process and in several, in turn."""

    courses: tuple[Course, ...]

    def _of(self, several: bool) -> list[Course]:
        return [course for course in self.courses if (course.workers > 1) == several]

    @property
    def speed_up(self) -> float:
        """Of the search, by the medians."""
        one, several = (statistics.median(c.seconds for c in self._of(many)) for many in (False, True))
        return one / several

    @property
    def speed_up_at_work(self) -> float | None:
        """Rate while all processes are at work, over that of one process."""
        together = [course.both for course in self._of(True) if course.both is not None]
        alone = statistics.median(course.evaluations / course.seconds for course in self._of(False))
        return statistics.median(together) / alone if together else None

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {
            "courses": [vars(course) for course in self.courses],
            "speed_up": self.speed_up,
            "speed_up_at_work": self.speed_up_at_work,
        }


def run(options: Sequence[str], workers: int = 2, repeats: int = 3) -> WorkersBench:
    """Search in one process and in several, in turn.

    Args:
        options: of `promptsearch discover` that name a fixed set of candidates, such as `--engine manual
            --evaluations 40`, without --out and --workers.

    Raises:
        ContenderError: a search failed.
    """
    return WorkersBench(tuple(_course(options, n) for _ in range(repeats) for n in (1, workers)))


def _course(options: Sequence[str], workers: int) -> Course:
    load = load_now()
    with fresh_cache() as env, tempfile.TemporaryDirectory(prefix="promptsearch-bench-") as place:
        folder = Path(place) / "run"
        command = [sys.executable, "-m", "promptsearch", "discover", *options, "--quiet"]
        command += ["--workers", str(workers), "--out", str(folder)]
        begun = time.monotonic()
        done = subprocess.run(command, env={**env, **_ONE_THREAD}, capture_output=True, check=False)
        whole = time.monotonic() - begun
        if done.returncode != 0:
            raise ContenderError("the search failed", where=done.stderr.decode("utf-8", "replace")[-500:])
        evaluations, seconds, both = _timing(folder, workers)
    return Course(workers, evaluations, seconds, both, whole, load)


def _timing(folder: Path, workers: int) -> tuple[int, float, float | None]:
    """Templates, seconds that trying them took, and templates a second while all processes worked."""
    storage = open_storage(folder / STUDY_FILE)
    (name,) = [study.study_name for study in storage.get_all_studies()]
    trials = optuna.load_study(study_name=name, storage=storage).get_trials(deepcopy=False)
    spans = [
        (trial.datetime_start.timestamp(), trial.datetime_complete.timestamp(), owner_of(trial))
        for trial in trials
        if SUMMARY in trial.user_attrs and trial.datetime_start and trial.datetime_complete
    ]
    seconds = max(end for _, end, _ in spans) - min(start for start, _, _ in spans)
    owners = {owner for _, _, owner in spans}
    if len(owners) < workers:
        return len(spans), seconds, None
    begin = max(min(start for start, _, by in spans if by == owner) for owner in owners)
    end = min(max(end for _, end, by in spans if by == owner) for owner in owners)
    inside = sum(begin < done <= end for _, done, _ in spans)
    return len(spans), seconds, inside / (end - begin) if end > begin and inside else None
