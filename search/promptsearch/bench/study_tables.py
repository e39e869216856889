"""The study beside other ways to search, as tables and as Markdown."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from promptsearch.bench.render import machine_note
from promptsearch.bench.study_courses import OTHERS, STUDY, WAYS, Course, Step, StudyBench
from promptsearch.report.marks import code, fenced, table
from promptsearch.scoring.paired import sign_test
from promptsearch.showing import count

METHOD = """\
Every search begins with an empty cache: nothing is remembered of the task, its texts or answer states. The
ways take turns, in an order that changes with the seed, on the same draws of train and dev, the same weights
and number format. Reading the data and loading the PLMs do not count.

- *study*: the search of `promptsearch discover`, with all of the time for searching. Its engines' own time
  (mining text, finding label words) counts, and so does writing its files.
- *random search*: Optuna's RandomSampler, one combination a trial: a PLM, one of its engines, a template,
  label words, a calibration, each uniform given those before. Hand-written and mined templates are found
  before its time begins, which favours it; {words}
  Answer states of a template that was read before come from the cache, as in the study. Its trials are kept
  in memory.
- *random, no words*: the same without the engine `words`, whose searches take most of the others' time: all
  that is left are forward passes.
- *TPE*: as *random search*, with Optuna's default sampler, and dev log-likelihood, the very figure that is
  compared, as its value. The study itself goes by the metric, and by log-likelihood among equals.

Best: the highest figure on dev of all combinations tried until then. A way that tries more combinations owes
more of its best to luck; the last but one table shows how it did on texts that none saw."""
COUNTED = "label words for a template are searched when they are first drawn,\n  and remembered."
FREE = "its clock stands still while label words are searched,\n  which favours it too."
MARK_TITLES = ("seconds", "against", "won", "lost", "tied", "p", "study", "other")
SEED_TITLES = (
    "seed",
    "way",
    "templates",
    "combinations",
    "best on dev",
    "found by",
    "PLM",
    "test",
    "test log p",
)


@dataclass(frozen=True)
class Tally:
    """The study against one other way at one moment, over seeds.

    Attributes:
        p: two-sided sign test; ties do not count.
        study, other: medians over seeds.
    """

    seconds: float
    other_way: str
    won: int
    lost: int
    tied: int
    p: float
    study: float
    other: float


def tally(bench: StudyBench, other: str, seconds: float, figure: Callable[[Step], float]) -> Tally:
    """Compare seed by seed."""
    ours = [figure(course.at(seconds)) for course in bench.of(STUDY)]
    theirs = [figure(course.at(seconds)) for course in bench.of(other)]
    won = sum(a > b for a, b in zip(ours, theirs, strict=True))
    lost = sum(a < b for a, b in zip(ours, theirs, strict=True))
    p = float(sign_test(won, lost))
    medians = statistics.median(ours), statistics.median(theirs)
    return Tally(seconds, other, won, lost, len(ours) - won - lost, p, *medians)


def mark_rows(bench: StudyBench, figure: Callable[[Step], float]) -> list[tuple[str, ...]]:
    """Cells under `MARK_TITLES`."""
    found = [tally(bench, other, mark, figure) for mark in bench.marks for other in OTHERS]
    return [
        (
            f"{each.seconds:g}",
            each.other_way,
            str(each.won),
            str(each.lost),
            str(each.tied),
            f"{each.p:.2g}",
            _shown(each.study),
            _shown(each.other),
        )
        for each in found
    ]


def seed_rows(bench: StudyBench) -> list[tuple[str, ...]]:
    """Cells under `SEED_TITLES`."""
    courses = sorted(bench.courses, key=lambda each: (each.seed, WAYS.index(each.way)))
    return [_seed_row(course, bench.seconds) for course in courses]


def _seed_row(course: Course, seconds: float) -> tuple[str, ...]:
    metric, likelihood = (
        ("", "")
        if course.test is None
        else (
            f"{100 * course.test[0]:.1f} %",
            f"{course.test[1]:.3f}",
        )
    )
    return (
        str(course.seed),
        course.way,
        str(course.templates),
        str(course.combinations),
        _shown(course.at(seconds).log_likelihood),
        course.engine,
        course.plm,
        metric,
        likelihood,
    )


def test_rows(bench: StudyBench) -> list[tuple[str, ...]]:
    """Medians on test of what each way found best on dev: way, metric, log-likelihood."""
    rows: list[tuple[str, ...]] = []
    for way in WAYS:
        found = [course.test for course in bench.of(way) if course.test is not None]
        if found:
            metric, likelihood = (statistics.median(figures) for figures in zip(*found))
            rows.append((way, f"{100 * metric:.1f} %", f"{likelihood:.3f}"))
    return rows


def markdown(bench: StudyBench) -> str:
    """The report as text."""
    task, seeds = bench.task, len(bench.of(STUDY))
    shots = "all examples" if bench.config.shots is None else f"{bench.config.shots} examples a class"
    name = code(task.stand_in_for or task.name)
    sample = f" (on the sample {code(task.name)})" if task.stand_in_for else ""
    parts = [
        "# The study beside random search, at equal seconds",
        f"Task {name}{sample}, {shots} in train and in dev, PLMs {', '.join(bench.plms)}; "
        f"{count(seeds, 'seed')} of {bench.seconds:g} s a search, {count(bench.threads, 'thread')}.",
        METHOD.format(words=FREE if bench.free_words else COUNTED),
        fenced(bench.command, "sh"),
        fenced(machine_note(bench.machine, bench.load_after), "text"),
        "## Best dev log-likelihood",
        "Seeds in which the study's best was higher, lower or equal, the two-sided sign test, and medians of "
        "the mean log-probability of the true label, in nats.",
        table(MARK_TITLES, mark_rows(bench, lambda step: step.log_likelihood)),
        f"## Best {task.metric} on dev, ties by log-likelihood",
        "The study's own objective.",
        table(MARK_TITLES, mark_rows(bench, lambda step: step.value)),
        "## On texts that no search saw",
        f"What had the highest dev log-likelihood at the end, on {count(bench.n_test, 'test text')}; "
        "medians.",
        table(("way", task.metric, "log p"), test_rows(bench)),
        "## Every search",
        table(SEED_TITLES, seed_rows(bench)),
    ]
    return "\n\n".join(parts) + "\n"


def _shown(figure: float) -> str:
    return "nothing yet" if math.isinf(figure) else f"{figure:.3f}"
