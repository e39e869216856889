"""What is trained on, and how far training has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptsearch.errors import DataError
from promptsearch.scoring.intervals import Interval, wilson
from promptsearch.tasks.task import Example


@dataclass(frozen=True)
class Lesson:
    """Examples, by their rows, and what should be said of them.

    Attributes:
        targets: (n, L) probabilities of the labels, 1 for the true one where it is known.
        train: rows that are trained on.
        held_out: rows that say when to end; none: training goes through all its steps.

    Raises:
        DataError: fewer rows to train on than labels, or only one class.
    """

    targets: NDArray[np.float32]
    train: tuple[int, ...]
    held_out: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        n_labels = self.targets.shape[1]
        if len(self.train) < n_labels:
            raise DataError(
                f"there are {len(self.train)} examples to train on, and {n_labels} labels",
                hint="Give at least one example of each label.",
            )
        if len(set(self.classes(self.train))) < 2:
            raise DataError("the examples to train on are all of one class")

    @classmethod
    def of(
        cls, examples: Sequence[Example], n_labels: int, train: Sequence[int], held_out: Sequence[int] = ()
    ) -> Lesson:
        """The lesson of labelled examples.

        Raises:
            DataError: an example has no label; and as the class.
        """
        labels = [example.label for example in examples]
        if None in labels:
            raise DataError("an example to train on has no label")
        targets = np.eye(n_labels, dtype=np.float32)[np.array(labels, dtype=np.int64)]
        return cls(targets, tuple(train), tuple(held_out))

    @property
    def whole(self) -> Lesson:
        """The same with nothing held out: what was is trained on too."""
        return replace(self, train=(*self.train, *self.held_out), held_out=())

    def classes(self, rows: Sequence[int]) -> list[int]:
        """The likeliest label of each row."""
        return self.targets[list(rows)].argmax(axis=1).tolist()


@dataclass(frozen=True)
class Look:
    """What a look at the held-out examples showed.

    Attributes:
        restart: number of the start, from 0.
        step: updates done.
        loss: mean loss of the steps since the look before (nats); None before the first step.
        log_likelihood: mean log-probability of the targets, held out (nats).
        correct, n: how many of how many held-out examples are right.
        seconds: training time of this start so far.
    """

    restart: int
    step: int
    loss: float | None
    log_likelihood: float
    correct: int
    n: int
    seconds: float

    @property
    def accuracy(self) -> float:
        """Share of the held-out examples that are right."""
        return self.correct / self.n

    @property
    def interval(self) -> Interval:
        """Wilson interval of the accuracy, at 95 %."""
        return wilson(self.correct, self.n)


@dataclass
class Course:
    """Counters of one start.

    Attributes:
        step: updates done.
        losses: of the steps since the last look.
        looks: in order.
        best: index of the best look; None before the first.
        seconds: training time.
    """

    restart: int
    step: int = 0
    losses: list[float] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    best: int | None = None
    seconds: float = 0.0

    @property
    def best_look(self) -> Look | None:
        """The look with the best log-likelihood."""
        return None if self.best is None else self.looks[self.best]

    def add(self, look: Look) -> bool:
        """Remember a look; whether it is the best so far."""
        better = self.best_look is None or look.log_likelihood > self.best_look.log_likelihood
        if better:
            self.best = len(self.looks)
        self.looks.append(look)
        self.losses.clear()
        return better

    def waited(self) -> int:
        """Looks since the best."""
        return 0 if self.best is None else len(self.looks) - 1 - self.best

    def record(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    @classmethod
    def of(cls, record: dict[str, Any]) -> Course:
        """From a record; raises TypeError or KeyError where it is none."""
        rest = {name: value for name, value in record.items() if name != "looks"}
        return cls(looks=[Look(**look) for look in record["looks"]], **rest)
