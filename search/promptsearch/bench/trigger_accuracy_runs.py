"""Searches of `bench trigger-accuracy`, as values."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptsearch.study.config import DEFAULT_CALIBRATIONS
from promptsearch.tasks import draw_splits
from promptsearch.tasks.task import Example, Task

CALIBRATIONS = {"plain": ("none",), "calibrated": DEFAULT_CALIBRATIONS}
"""Under which calibrations a prompt is chosen on dev: as the PLM scores it, or under whichever is best."""
PROMPTS = ("without", "trigger")


@dataclass(frozen=True)
class Case:
    """A task on a PLM.

    Attributes:
        template: with `{trigger*n}`; None is one of all fields, three trigger tokens and the slot.
        shots: examples a class in train, and in dev alike; where the draw is unbalanced their mean.
        share: of the first class among train and dev; None for equal classes.
        calibrated: whether triggers are searched by label scores relative to their means, as calibration
            leaves them, or by scores as the PLM gives them; see `TriggerConfig.calibrated`.
    """

    task: str
    plm: str
    shots: int
    share: float | None = None
    template: str | None = None
    calibrated: bool = True

    @property
    def title(self) -> str:
        """For people."""
        each = f"{self.shots} a class"
        if self.share is not None:
            each = f"{self.shots} a class on average, {100 * self.share:.0f} % of them the first"
        how = "" if self.calibrated else ", searched uncalibrated"
        return f"{self.task}, {self.plm}, {each}{how}"

    def draw(self, source: Task, seed: int, max_test: int | None) -> Task:
        """Train and dev of one seed; the same test examples for every seed, where the source has some.

        Raises:
            DataError: the source has too few examples.
        """
        number = self.shots * len(source.labels)
        first = self.shots if self.share is None else round(self.share * number)
        others = self.shots if self.share is None else (number - first) // (len(source.labels) - 1)
        task = draw_splits(source, shots=max(first, others), seed=seed)
        most = {label: first if label == 0 else others for label in range(len(source.labels))}
        test = list(task.test)
        if max_test is not None and len(test) > max_test:
            test = [test[i] for i in sorted(random.Random(0).sample(range(len(test)), max_test))]
        splits = {"train": _first(task.train, most), "dev": _first(task.dev, most), "test": test}
        return replace(task, splits=splits, _fingerprints={})


def _first(examples: Sequence[Example], most: dict[int, int]) -> list[Example]:
    """The first examples of each class, in their order."""
    left, kept = dict(most), []
    for example in examples:
        if example.label is not None and left[example.label] > 0:
            left[example.label] -= 1
            kept.append(example)
    return kept


@dataclass(frozen=True)
class Chosen:
    """A prompt that was chosen on dev.

    Attributes:
        dev: its accuracy there.
        correct: of test, a 1 for each example that it got right and a 0 for each other.
    """

    template: str
    calibration: str
    dev: float
    correct: str

    @property
    def right(self) -> NDArray[np.bool_]:
        """(n_test,) whether each example was right."""
        return np.frombuffer(self.correct.encode(), dtype=np.uint8) == ord("1")

    @property
    def accuracy(self) -> float:
        """On test."""
        return float(self.right.mean())


@dataclass(frozen=True)
class Run:
    """One search.

    Attributes:
        asked: seconds that the search was given; None for as long as it takes.
        seconds: that it took.
        loss: of the best trigger on train, in nats.
        evaluations: pairs of a trigger and an example that were read.
        reason: why the search ended.
        chosen: by `CALIBRATIONS`, then by `PROMPTS`.
        test: fingerprint of the test examples.
        majority: accuracy of always answering the class that is most frequent in test.
    """

    case: Case
    seed: int
    asked: float | None
    seconds: float
    words: tuple[str, ...]
    loss: float
    evaluations: int
    reason: str
    chosen: dict[str, dict[str, Chosen]]
    test: str
    majority: float

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        return asdict(self)

    @classmethod
    def restored(cls, values: dict[str, Any]) -> Run:
        """What `record` gave, through JSON."""
        chosen = {
            way: {name: Chosen(**prompt) for name, prompt in prompts.items()}
            for way, prompts in values.pop("chosen").items()
        }
        words = tuple(values.pop("words"))
        return cls(case=Case(**values.pop("case")), words=words, chosen=chosen, **values)
