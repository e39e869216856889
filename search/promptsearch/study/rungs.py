"""Growing parts of train and dev, on which templates are compared until they leave or all is used."""

from __future__ import annotations

from dataclasses import dataclass, replace

from promptsearch.tasks.drawing import drawn_by_class
from promptsearch.tasks.task import Task

FIRST = 32
"""Examples of train, and of dev, that every template is tried on."""
GROWTH = 4
MOST = 1000
"""Of each that a search uses; more is for the last comparison and for test."""


@dataclass(frozen=True)
class Rungs:
    """One task a rung, each with the examples of the one before and more.

    Attributes:
        tasks: the last has all that a search uses of train and dev.
        left_out: examples of train and of dev that it does not use.
    """

    tasks: tuple[Task, ...]
    left_out: tuple[int, int]

    @classmethod
    def of(cls, task: Task, seed: int, most: int = MOST) -> Rungs:
        """The rungs of a task whose splits are drawn; one rung where there is little data.

        Classes stand in a rung as evenly as the data have them; which examples, the seed decides.
        """
        largest = min(most, max(len(task.train), len(task.dev)))
        sizes = [FIRST]
        while sizes[-1] < largest:
            sizes.append(sizes[-1] * GROWTH)
        if len(sizes) > 1 and largest <= 2 * sizes[-2]:
            sizes.pop()  # hardly more than the rung before is no rung of its own
        parts = [_part(task, size, seed) for size in sizes[:-1]]
        last = _part(task, largest, seed)
        return cls((*parts, last), (len(task.train) - len(last.train), len(task.dev) - len(last.dev)))

    @property
    def whole(self) -> Task:
        """All that the search uses."""
        return self.tasks[-1]

    def on(self, examples: int | None) -> int:
        """Number of the rung that has so many examples of train and dev; the last one for None."""
        if examples is not None:
            for number, task in enumerate(self.tasks):
                if examples_of(task) == examples:
                    return number
        return len(self.tasks) - 1


def examples_of(task: Task) -> int:
    """Examples of train and dev together."""
    return len(task.train) + len(task.dev)


def _part(task: Task, most: int, seed: int) -> Task:
    """The task with at most so many examples of train, and of dev."""
    if most >= max(len(task.train), len(task.dev)):
        return task
    train = [task.train[i] for i in drawn_by_class(task.train, most, seed)]
    dev = [task.dev[i] for i in drawn_by_class(task.dev, most, seed)]
    return replace(task, splits={**task.splits, "train": train, "dev": dev}, _fingerprints={})
