"""What a training around a prompt has come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.soft.course import Course, Look
from promptsearch.engines.soft.nearest import Neighbour
from promptsearch.engines.soft.training import Ending
from promptsearch.prompt import Prompt
from promptsearch.scoring import Difference, Evaluation
from promptsearch.tasks.task import Task
from promptsearch.template import Template
from promptsearch.tuning.config import TuneConfig
from promptsearch.verbalizer import Verbalizer

TUNED, UNTUNED, MANUAL = "tuned", "not tuned", "manual"


@dataclass(frozen=True)
class Compared:
    """A prompt in the table of figures.

    Attributes:
        role: `TUNED`, `UNTUNED` (the same template without soft tokens, on the PLM as it was), or `MANUAL`
            (what a person would write first, on the same PLM).
        dev: figures on dev; None where there are no labels to look at.
        predictions: (n_test,) label indices.
        to_tuned: test figure of the tuned prompt minus this one's, paired; None for the tuned one itself.
    """

    role: str
    template: Template
    words: Verbalizer
    dev: Evaluation | None
    test: Evaluation
    predictions: NDArray[np.int64] = field(compare=False, repr=False)
    to_tuned: Difference | None = None


@dataclass(frozen=True)
class Trained:
    """How training went.

    Attributes:
        courses: of all starts that were begun.
        best: the look whose state was kept; None where there was nothing to look at.
        ending: of the last start.
        seconds: of training steps, over all starts and sittings.
        peak_bytes: most memory taken, on the GPU where there is one; None where the system does not tell.
        parameters: how many numbers were trained.
        again: steps on train and dev together that followed; 0 for none. Figures on dev are those of before.
        rates: peak learning rates, by what was trained: `soft`, `prefix` or `lm`.
    """

    courses: tuple[Course, ...]
    best: Look | None
    ending: Ending
    seconds: float
    peak_bytes: int | None
    parameters: int
    again: int = 0
    rates: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Teacher:
    """A template that the PLM was tuned under, to teach another.

    Attributes:
        weight: how much its word counts: its accuracy on train before tuning (Schick and Schütze 2021a).
        correct: how many of `n` dev examples it has right in the last generation.
    """

    template: Template
    weight: float
    correct: int
    n: int


@dataclass(frozen=True, repr=False)
class Tuning:
    """A training, its figures and its files.

    Attributes:
        dtype, device: that the PLM runs in and on.
        rows: the tuned prompt first.
        trained: None where the strategy trains nothing.
        numbers: that the prompt needs beside the PLM and its words.
        nearest: for each soft token the nearest words.
        shortened: test texts of which a field was cut.
        seconds: of this sitting, scoring included.
        exported: folder in peft's format.
        teachers: those of `pet`.
        unlabelled: texts that they labelled.
    """

    config: TuneConfig
    task: Task
    prompt: Prompt
    dtype: str
    device: str
    rows: tuple[Compared, ...]
    majority_dev: Evaluation | None
    majority_test: Evaluation
    trained: Trained | None
    numbers: int
    nearest: tuple[tuple[Neighbour, ...], ...]
    shortened: int
    seconds: float
    folder: Path
    notices: tuple[str, ...] = ()
    exported: Path | None = None
    teachers: tuple[Teacher, ...] = ()
    unlabelled: int = 0

    def __repr__(self) -> str:
        task, metric = self.task, self.task.metric
        return (
            f"<Tuning for {task.name}: {self.config.title}, {metric} {self.tuned.test.value(metric):.3f} on "
            f"{len(task.test)} test examples, in {str(self.folder)!r}>"
        )

    @property
    def tuned(self) -> Compared:
        """The prompt that was tuned."""
        return self.rows[0]


class TuningStopped(Exception):
    """Training was stopped by the user, and can be gone on with.

    Attributes:
        folder: of the run.
        step, restart: where it stands.
    """

    def __init__(self, folder: Path, restart: int, step: int) -> None:
        super().__init__(f"stopped at step {step} of start {restart + 1}")
        self.folder, self.restart, self.step = folder, restart, step
