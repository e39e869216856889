"""Trainings one after another, in the time there is; whichever was stopped is gone on with."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from promptsearch.engines.soft.checkpoint import Checkpoint
from promptsearch.engines.soft.course import Course, Lesson
from promptsearch.engines.soft.learner import Learner
from promptsearch.engines.soft.starting import Trained as Learned
from promptsearch.engines.soft.starting import train
from promptsearch.interrupts import interruptible
from promptsearch.study.artefacts import TRAINING_FILE
from promptsearch.tuning.config import TuneConfig
from promptsearch.tuning.observer import TuneObserver
from promptsearch.tuning.outcome import TuningStopped

LAST = "last"
"""Name of the training whose outcome is the prompt."""


@dataclass
class Phases:
    """The trainings of one sitting.

    Attributes:
        run: what the run is, beside the name of a training; a state is only gone on with where it is equal.
        end: when the last one must be over, by `time.monotonic`; None for no limit.
        count: how many there are; the time is shared evenly among those still to come.
        courses: of all starts of all trainings that ended in this sitting.
    """

    config: TuneConfig
    observer: TuneObserver
    folder: Path
    run: Mapping[str, object]
    end: float | None = None
    count: int = 1
    done: int = 0
    courses: list[Course] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """What tells the run from others."""
        return hashlib.sha256(json.dumps(self.run, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def state(self) -> Path:
        """Where the training that is under way is saved."""
        return self.folder / TRAINING_FILE

    def train(
        self,
        name: str,
        make: Callable[[int], Learner],
        lesson: Lesson,
        restarts: int | None = None,
        refit: bool = False,
    ) -> Learned:
        """Train, or go on with the training of that name; see `promptsearch.engines.soft.train`.

        Raises:
            TuningStopped: the user has stopped it.
            OptionError: the folder holds the state of another run.
            TrainingError: a loss is no number.
        """
        if _phase(self.state) not in (None, name):
            # Its outcome was kept, or it would come first.
            self.state.unlink()
        training = self.config.whole_training
        training = training if restarts is None else replace(training, restarts=restarts)
        end = self._end()
        with interruptible() as interrupted:
            found = train(
                make,
                lesson,
                training,
                self.config.seed,
                stop=lambda: interrupted.is_set() or (end is not None and time.monotonic() >= end),
                report=self.observer.looked,
                checkpoint=Checkpoint(self.state, {**self.run, "phase": name}),
                refit=self._tell_refit if refit else None,
            )
            if interrupted.is_set():
                last = found.courses[-1]
                raise TuningStopped(self.folder, last.restart, last.step)
        self.done += 1
        self.courses += found.courses
        return found

    def check(self) -> None:
        """Refuse to go on from the state of another run.

        Raises:
            OptionError: saying in what it differs.
            StorageError: the state is damaged.
        """
        Checkpoint(self.state, {**self.run, "phase": _phase(self.state)}).check()

    def _tell_refit(self, steps: int) -> None:
        self.observer.stage(f"Training once more on train and dev together, for {steps} steps")

    def skip(self) -> None:
        """A training was over before this sitting."""
        self.done += 1

    def _end(self) -> float | None:
        """When the next training must be over."""
        if self.end is None:
            return None
        now = time.monotonic()
        return now + max(0.0, self.end - now) / max(1, self.count - self.done)


def _phase(path: Path) -> str | None:
    """Which training a state is of; None where there is none, or it cannot be read."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            return json.loads((file.metadata() or {})["run"])["phase"]
    except (OSError, SafetensorError, KeyError, ValueError):
        return None  # what reads it says why
