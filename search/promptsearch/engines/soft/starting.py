"""Several starts, one after the other; the best is kept, and a killed run goes on where it was."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from promptsearch.engines.soft.checkpoint import Checkpoint, under, within
from promptsearch.engines.soft.config import TrainingConfig
from promptsearch.engines.soft.course import Course, Lesson, Look
from promptsearch.engines.soft.learner import Learner, load_parameters, log_probs_of
from promptsearch.engines.soft.training import Ending, Report, Trainer
from promptsearch.errors import StorageError, TrainingError

Refit = Callable[[int], None]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """The best of several starts.

    Attributes:
        learner: with the best parameters.
        look: at the best; None where nothing was held out.
        courses: of all starts that were begun, in order.
        ending: of the last of them.
        again: of the best start on what was held out as well, after which the parameters are not those of the
            look any more; None where there was no such training.
        held_out: (n, L) what the state of the look says of what is held out, where that is trained on later.
    """

    learner: Learner
    look: Look | None
    courses: tuple[Course, ...]
    ending: Ending
    again: Course | None = None
    held_out: NDArray[np.float32] | None = None


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
    refit: Refit | None = None,
) -> Trained:
    """Train from several starts and keep the best by held-out log-likelihood.

    Where nothing is held out there is one start, since nothing would tell the best.

    Args:
        make: a learner as it is before the first step of start number r. What it draws from torch's generator
            follows from the seed.
        stop: asked after each step; the run can then be gone on with from its checkpoint.
        checkpoint: where the state is saved; a state that lies there is gone on with.
        until: see `Trainer`.
        refit: has the best start trained once more, for as many steps as were best, on what was held out as
            well; told how many these are. None: it is not.

    Raises:
        TrainingError: a loss is no number, at the first start.
        StorageError: the checkpoint is damaged or cannot be written.
        OptionError: it belongs to another run.
    """
    starts = _Starts(make, lesson, config, seed, until, checkpoint)
    return starts.run(stop, report, refit)


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
        self.again: Course | None = None
        self.ending: Ending = "stopped"
        self.count = config.restarts if lesson.held_out else 1

    def run(self, stop: Callable[[], bool], report: Report | None, refit: Refit | None) -> Trained:
        saved = self._saved()
        while self.again is None and (len(self.courses) < self.count or saved is not None):
            try:
                self.ending = self._one(saved, stop, report)
            except TrainingError as error:
                if self.best is None:
                    raise
                _log.warning("start %d is left out: %s", self.courses[-1].restart + 1, error.message)
            saved = None
            if self.ending == "stopped":
                break
        assert self.best is not None
        learner, look = self._best_learner(self.best), self.best.best_look
        found = Trained(learner, look, tuple(self.courses), self.ending)
        if refit is None or self.ending == "stopped" or look is None or not look.step:
            return found
        refit(look.step)
        held_out = log_probs_of(learner, self.lesson.held_out)
        try:
            again = self._once_more(look, saved, stop)
        except TrainingError as error:
            _log.warning("it is not trained on what was held out: %s", error.message)
            return replace(found, learner=self._best_learner(self.best))
        if again is None:
            return replace(found, learner=self._best_learner(self.best), ending="stopped")
        return replace(found, learner=again, again=self.again, held_out=held_out)

    def _best_learner(self, best: Course) -> Learner:
        with seeded(self.seed, best.restart):
            learner = self.make(best.restart)
        load_parameters(learner, self.kept)
        return learner

    def _once_more(
        self, look: Look, saved: dict[str, Tensor] | None, stop: Callable[[], bool]
    ) -> Learner | None:
        """The best start trained on all there is, for as many steps as were best; None where stopped."""
        self.again = self.again or Course(look.restart)
        seed = (self.seed, look.restart)
        with seeded(*seed):
            learner = self.make(look.restart)
            trainer = Trainer(learner, self.lesson.whole, self.config, seed, self.again, look.step)
            if saved is not None:
                trainer.load(saved)
            ending = trainer.run(stop, None, lambda: self._save(trainer))
        return None if ending == "stopped" else learner

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
            "again": None if self.again is None else self.again.record(),
            "ending": self.ending,
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
            again = progress.get("again")
            self.again = None if again is None else Course.of(again)
            self.ending = progress.get("ending", "stopped")
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
