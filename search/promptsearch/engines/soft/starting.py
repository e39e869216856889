"""Several starts, one after the other; the best is kept, and a killed run goes on where it was."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from promptsearch.engines.soft.checkpoint import Checkpoint, under, within
from promptsearch.engines.soft.config import TrainingConfig
from promptsearch.engines.soft.course import Course, Lesson, Look
from promptsearch.engines.soft.learner import Learner, load_parameters
from promptsearch.engines.soft.training import Ending, Report, Trainer
from promptsearch.errors import StorageError, TrainingError

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """The best of several starts.

    Attributes:
        learner: with the best parameters.
        look: at the best; None where nothing was held out.
        courses: of all starts that were begun, in order.
        ending: of the last of them.
    """

    learner: Learner
    look: Look | None
    courses: tuple[Course, ...]
    ending: Ending


def train(
    make: Callable[[int], Learner],
    lesson: Lesson,
    config: TrainingConfig,
    seed: int,
    *,
    stop: Callable[[], bool] = lambda: False,
    report: Report | None = None,
    checkpoint: Checkpoint | None = None,
    until: int | None = None,
) -> Trained:
    """Train from several starts and keep the best by held-out log-likelihood.

    Where nothing is held out there is one start, since nothing would tell the best.

    Args:
        make: a learner as it is before the first step of start number r. What it draws from torch's generator
            follows from the seed.
        stop: asked after each step; the run can then be gone on with from its checkpoint.
        checkpoint: where the state is saved; a state that lies there is gone on with.
        until: see `Trainer`.

    Raises:
        TrainingError: a loss is no number, at the first start.
        StorageError: the checkpoint is damaged or cannot be written.
        OptionError: it belongs to another run.
    """
    starts = _Starts(make, lesson, config, seed, until, checkpoint)
    return starts.run(stop, report)


class _Starts:
    def __init__(
        self,
        make: Callable[[int], Learner],
        lesson: Lesson,
        config: TrainingConfig,
        seed: int,
        until: int | None,
        checkpoint: Checkpoint | None,
    ) -> None:
        self.make, self.lesson, self.config, self.seed = make, lesson, config, seed
        self.until, self.checkpoint = until, checkpoint
        self.courses: list[Course] = []
        self.kept: dict[str, Tensor] = {}
        self.best: Course | None = None
        self.count = config.restarts if lesson.held_out else 1

    def run(self, stop: Callable[[], bool], report: Report | None) -> Trained:
        saved = self._saved()
        ending: Ending = "stopped"
        while len(self.courses) < self.count or saved is not None:
            try:
                ending = self._one(saved, stop, report)
            except TrainingError as error:
                if self.best is None:
                    raise
                _log.warning("start %d is left out: %s", self.courses[-1].restart + 1, error.message)
            saved = None
            if ending == "stopped":
                break
        assert self.best is not None
        with seeded(self.seed, self.best.restart):
            learner = self.make(self.best.restart)
        load_parameters(learner, self.kept)
        return Trained(learner, self.best.best_look, tuple(self.courses), ending)

    def _one(
        self, saved: dict[str, Tensor] | None, stop: Callable[[], bool], report: Report | None
    ) -> Ending:
        """One start to its end, or from where it was saved."""
        if saved is None:
            self.courses.append(Course(len(self.courses)))
        course = self.courses[-1]
        seed = (self.seed, course.restart)
        with seeded(*seed):
            learner = self.make(course.restart)
            trainer = Trainer(learner, self.lesson, self.config, seed, course, self.until)
            if saved is not None:
                trainer.load(saved)
            ending = trainer.run(stop, report, lambda: self._save(trainer))
            if ending != "stopped" and len(self.courses) < self.count and stop():
                self._save(trainer)
                ending = "stopped"
        if self.best is None or _better(course, self.best):
            self.best, self.kept = course, {name: value.clone() for name, value in trainer.best().items()}
        return ending

    def _save(self, trainer: Trainer) -> None:
        if self.checkpoint is None:
            return
        progress = {
            "courses": [course.record() for course in self.courses],
            "best": None if self.best is None else self.best.restart,
        }
        self.checkpoint.save({**trainer.tensors(), **under("kept", self.kept)}, progress)

    def _saved(self) -> dict[str, Tensor] | None:
        """Tensors of the start that was under way, with the counters put back."""
        state = None if self.checkpoint is None else self.checkpoint.load()
        if state is None:
            return None
        tensors, progress = state
        self._put_back(progress)
        self.kept = within("kept", tensors)
        return tensors

    def _put_back(self, progress: dict[str, Any]) -> None:
        assert self.checkpoint is not None
        try:
            self.courses = [Course.of(record) for record in progress["courses"]]
            best = progress["best"]
            self.best = None if best is None else self.courses[best]
        except (KeyError, TypeError, IndexError) as error:
            raise StorageError(
                f"the state of training cannot be read: {error}",
                where=str(self.checkpoint.path),
                hint="Delete it to start again.",
            ) from error


def _better(course: Course, best: Course) -> bool:
    one, other = course.best_look, best.best_look
    return one is not None and other is not None and one.log_likelihood > other.log_likelihood


@contextmanager
def seeded(*seed: int) -> Generator[None]:
    """Within, torch's generators follow from these numbers; afterwards they are as they were."""
    first = int(np.random.SeedSequence(list(seed)).generate_state(1, np.uint64)[0] >> 1)
    with torch.random.fork_rng():
        torch.manual_seed(first)
        yield


def folds_of(classes: Sequence[int], most: int, seed: int) -> list[int]:
    """Which fold each example is in, classes spread evenly; one fold where a class has a single example."""
    members: dict[int, list[int]] = {}
    for i, of in enumerate(classes):
        members.setdefault(of, []).append(i)
    count = min(most, min(map(len, members.values())))
    fold = [0] * len(classes)
    for of in sorted(members):
        order = np.random.default_rng([seed, of]).permutation(members[of])
        for place, i in enumerate(order):
            fold[int(i)] = place % count
    return fold
