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
from promptsearch.bench.goals import Goal
from promptsearch.bench.machine import Machine, load_now
from promptsearch.bench.processes import ContenderError
from promptsearch.bench.render import GOAL_TITLES, goal_row, machine_note
from promptsearch.report.marks import fenced, table
from promptsearch.study.artefacts import STUDY_FILE
from promptsearch.study.owner import Owner
from promptsearch.study.progress import SUMMARY
from promptsearch.study.stale import owner_of
from promptsearch.study.storage import open_storage

# Each process computes with one thread, so that it has a core of its own and no more.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
WANTED = 1.6
"""How many times as fast two processes of one thread each should be."""
METHOD = """\
A fixed set of templates is tried by one process and by several, in turn, each time with an empty cache and
one thread a process. Seconds are those from the first template's start to the last one's end: with the
start-up of other processes as far as it takes longer than that of the first, without loading and report,
which *command* has. Busy: how much of that time a process had templates under way, mean over processes.
They end together as far as the templates can be cut into parts that take equally long. What counts is the
ratio of medians."""
TITLES = ("processes", "templates", "seconds", "last began after", "busy %", "command, s", "load before")


@dataclass(frozen=True)
class Course:
    """One search over a fixed set of candidates, with an empty cache of answer states.

    Attributes:
        evaluations: templates that were tried.
        seconds: from the first trial's start to the last one's end, start-up of workers included.
        late: seconds after the first trial's start at which the last process began its first; None where one
            never had any.
        busy: share of those seconds in which a process had trials under way, mean over processes.
        whole: of the command, start-up and report included.
        load: of the machine when it began: processes that wait, over one minute.
    """

    workers: int
    evaluations: int
    seconds: float
    late: float | None
    busy: float
    whole: float
    load: float | None


@dataclass(frozen=True)
class WorkersBench:
    """Searches in one process and in several, in turn."""

    courses: tuple[Course, ...]
    machine: Machine
    load_after: float | None
    command: str | None = None

    def _of(self, several: bool) -> list[Course]:
        return [course for course in self.courses if (course.workers > 1) == several]

    @property
    def speed_up(self) -> float:
        """Of the search, by the medians."""
        one, several = (statistics.median(c.seconds for c in self._of(many)) for many in (False, True))
        return one / several

    @property
    def goal(self) -> Goal:
        """What is promised of two processes."""
        return Goal(f"{self.courses[-1].workers} processes: × as fast as one", self.speed_up, WANTED)

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {
            "machine": self.machine.record(),
            "load_after": self.load_after,
            "command": self.command,
            "courses": [vars(course) for course in self.courses],
            "speed_up": self.speed_up,
            "goal": self.goal.record(),
        }


def run(
    options: Sequence[str], workers: int = 2, repeats: int = 3, command: str | None = None
) -> WorkersBench:
    """Search in one process and in several, in turn.

    Args:
        options: of `promptsearch discover` that name a fixed set of candidates, such as `--engine manual
            --evaluations 40`, without --out and --workers.
        command: by which this was called, for the page.

    Raises:
        ContenderError: a search failed.
    """
    machine = Machine.now()
    courses = tuple(_course(options, n) for _ in range(repeats) for n in (1, workers))
    return WorkersBench(courses, machine, load_now(), command)


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
        timing = _timing(folder, workers)
    return Course(workers, *timing, whole, load)


def _timing(folder: Path, workers: int) -> tuple[int, float, float | None, float]:
    """Templates, seconds that trying them took, when the last process began, and how busy all were."""
    storage = open_storage(folder / STUDY_FILE)
    (name,) = [study.study_name for study in storage.get_all_studies()]
    trials = optuna.load_study(study_name=name, storage=storage).get_trials(deepcopy=False)
    spans: dict[Owner | None, list[tuple[float, float]]] = {}
    for trial in trials:
        if SUMMARY in trial.user_attrs and trial.datetime_start and trial.datetime_complete:
            span = trial.datetime_start.timestamp(), trial.datetime_complete.timestamp()
            spans.setdefault(owner_of(trial), []).append(span)
    begun = [min(start for start, _ in own) for own in spans.values()]
    seconds = max(end for own in spans.values() for _, end in own) - min(begun)
    late = max(begun) - min(begun) if len(begun) == workers else None
    busy = sum(map(covered, spans.values())) / (workers * seconds)
    return sum(map(len, spans.values())), seconds, late, busy


def covered(spans: Sequence[tuple[float, float]]) -> float:
    """Length of what spans of time cover together; trials that are tried together overlap."""
    found, until = 0.0, float("-inf")
    for start, end in sorted(spans):
        found += max(0.0, end - max(start, until))
        until = max(until, end)
    return found


def markdown(bench: WorkersBench) -> str:
    """The measurement as a page."""
    rows = [
        (
            str(course.workers),
            str(course.evaluations),
            f"{course.seconds:.1f}",
            "never" if course.late is None else f"{course.late:.1f}",
            f"{100 * course.busy:.0f}",
            f"{course.whole:.0f}",
            "" if course.load is None else f"{course.load:.2f}",
        )
        for course in bench.courses
    ]
    parts = [
        "# Several processes",
        METHOD,
        *([fenced(bench.command, "sh")] if bench.command else []),
        fenced(machine_note(bench.machine, bench.load_after)),
        table(TITLES, rows),
        "## Goals",
        table(GOAL_TITLES, [goal_row(bench.goal)]),
    ]
    return "\n\n".join(parts) + "\n"
