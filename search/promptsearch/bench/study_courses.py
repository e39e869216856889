"""How searches of several ways went, for a comparison at equal seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from promptsearch.bench.machine import Machine
from promptsearch.study.config import DiscoverConfig
from promptsearch.tasks.task import Task

STUDY, RANDOM, WITHOUT_WORDS, TPE = "study", "random search", "random, no words", "TPE"
OTHERS = (RANDOM, WITHOUT_WORDS, TPE)
WAYS = (STUDY, *OTHERS)


@dataclass(frozen=True)
class Step:
    """How a search stood after a template or combination.

    Attributes:
        seconds: after its begin.
        log_likelihood: the highest on dev so far.
        value: the highest objective of the study so far: the metric on dev, ties by log-likelihood.
    """

    seconds: float
    log_likelihood: float
    value: float


@dataclass(frozen=True)
class Course:
    """One search from its begin to its end.

    Attributes:
        combinations: tried in all.
        templates: on any PLM, that were read.
        test: (metric, log-likelihood) of the combination with the highest dev log-likelihood on texts that no
            search saw; None where nothing was tried.
    """

    way: str
    seed: int
    steps: tuple[Step, ...]
    combinations: int
    templates: int
    engine: str = ""
    plm: str = ""
    test: tuple[float, float] | None = None

    def at(self, seconds: float) -> Step:
        """How it stood then; minus infinity where nothing was tried yet."""
        done = [step for step in self.steps if step.seconds <= seconds]
        return done[-1] if done else Step(seconds, float("-inf"), float("-inf"))


@dataclass(frozen=True)
class StudyBench:
    """All searches of a measurement.

    Attributes:
        free_words: whether only the study's time for finding label words counts.
    """

    task: Task
    config: DiscoverConfig
    seconds: float
    marks: tuple[float, ...]
    plms: tuple[str, ...]
    courses: tuple[Course, ...]
    threads: int
    machine: Machine
    load_after: float | None
    free_words: bool = False
    command: str = ""

    @property
    def n_test(self) -> int:
        """Texts that no search saw, on which the best was scored at the end."""
        return len(self.task.test)

    def of(self, way: str) -> list[Course]:
        """The searches of one way, by seed."""
        return sorted((course for course in self.courses if course.way == way), key=lambda each: each.seed)


def record(bench: StudyBench) -> dict[str, Any]:
    """As JSON-able values."""
    return {
        "task": bench.task.name,
        "stand_in_for": bench.task.stand_in_for,
        "seconds": bench.seconds,
        "marks": list(bench.marks),
        "plms": list(bench.plms),
        "threads": bench.threads,
        "machine": bench.machine.record(),
        "load_after": bench.load_after,
        "courses": list(map(_course_record, bench.courses)),
    }


def _course_record(course: Course) -> dict[str, Any]:
    return {
        "way": course.way,
        "seed": course.seed,
        "combinations": course.combinations,
        "templates": course.templates,
        "engine": course.engine,
        "plm": course.plm,
        "test": None if course.test is None else list(course.test),
        "steps": [[round(s.seconds, 2), s.log_likelihood, s.value] for s in _rises(course)],
    }


def _rises(course: Course) -> Iterator[Step]:
    """The steps at which something became better."""
    last: tuple[float, float] | None = None
    for step in course.steps:
        if (now := (step.log_likelihood, step.value)) != last and now[0] > float("-inf"):
            last = now
            yield step
