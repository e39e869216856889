"""Contenders side by side on one job."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from promptsearch.bench.job import Job
from promptsearch.bench.processes import Contestant, Pass


@dataclass(frozen=True)
class Contender:
    """Who takes part.

    Attributes:
        key: in `promptsearch.bench.contenders.CONTENDERS`.
        title: in tables.
        own: whether this is promptsearch as it is meant to be used, not something to compare it with.
        python: the interpreter to run it with; this one by default.
    """

    key: str
    title: str
    own: bool = False
    python: Path | None = None


@dataclass(frozen=True)
class Entry:
    """Figures of one contender.

    Attributes:
        seconds: of each pass.
        peak_bytes: most memory its process ever had.
        equal_labels: share of prompts for which its best label is that of the reference.
        max_difference: largest difference of a label word's log-probability from the reference's.
    """

    title: str
    own: bool
    seconds: tuple[float, ...]
    peak_bytes: int | None
    equal_labels: float
    max_difference: float


@dataclass(frozen=True)
class Promise:
    """How many times as fast as the others promptsearch should be, and whether at no more memory."""

    speed: float
    memory: bool = True


@dataclass(frozen=True)
class Comparison:
    """Contenders on one job, promptsearch as a user gets it first.

    Attributes:
        reference: title of the entry whose labels the others are held against.
        promise: None where nothing is promised.
    """

    title: str
    job: Job
    reference: str
    threads: int
    entries: tuple[Entry, ...]
    promise: Promise | None = None

    def speed(self, entry: Entry) -> float:
        """Examples times templates a second."""
        return self.job.size / median(entry.seconds)

    def ratio(self, entry: Entry) -> float:
        """How many times as fast promptsearch is: ratio of the medians over the passes."""
        return median(entry.seconds) / median(self.entries[0].seconds)

    @property
    def others(self) -> tuple[Entry, ...]:
        """The contenders that promptsearch is compared with."""
        return tuple(entry for entry in self.entries if not entry.own)

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {
            "title": self.title,
            "plm": self.job.plm,
            "templates": list(self.job.templates),
            "examples": len(self.job.examples),
            "words": list(self.job.words),
            "reference": self.reference,
            "threads": self.threads,
            "contenders": [
                {
                    "title": entry.title,
                    "seconds": list(entry.seconds),
                    "prompts_per_second": self.speed(entry),
                    "promptsearch_is_times_as_fast": self.ratio(entry),
                    "peak_bytes": entry.peak_bytes,
                    "equal_labels": entry.equal_labels,
                    "max_difference": entry.max_difference,
                }
                for entry in self.entries
            ],
        }


def compare(
    title: str,
    job: Job,
    contenders: Sequence[Contender],
    reference: str,
    repeats: int,
    progress: Callable[[str], None],
    promise: Promise | None = None,
) -> Comparison:
    """Time contenders on one job; their passes take turns.

    Args:
        reference: key of the contender whose labels the others are held against.
        promise: see `Comparison`.

    Raises:
        ContenderError: one of them failed.
    """
    passes: dict[str, list[Pass]] = {contender.key: [] for contender in contenders}
    with ExitStack() as stack:
        running = []
        for contender in contenders:
            progress(f"{title}: loading {contender.title}")
            contestant = Contestant(contender.key, job, contender.python)
            stack.callback(contestant.close)
            running.append(contestant)
        for number in range(1, repeats + 1):
            for contender, contestant in zip(contenders, running):
                progress(f"{title}: pass {number} of {repeats}, {contender.title}")
                passes[contender.key].append(contestant.run())
        threads = running[0].threads
    expected = np.asarray(passes[reference][0].scores)
    entries = tuple(_entry(contender, passes[contender.key], expected) for contender in contenders)
    names = {contender.key: contender.title for contender in contenders}
    return Comparison(title, job, names[reference], threads, entries, promise)


def _entry(contender: Contender, passes: Sequence[Pass], expected: np.ndarray) -> Entry:
    found = np.asarray(passes[0].scores)
    return Entry(
        contender.title,
        contender.own,
        tuple(one.seconds for one in passes),
        max((one.peak_bytes for one in passes if one.peak_bytes is not None), default=None),
        float((found.argmax(axis=1) == expected.argmax(axis=1)).mean()),
        float(np.abs(found - expected).max()),
    )
