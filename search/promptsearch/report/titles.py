"""What a report calls its task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Named(Protocol):
    """A task, or what a report keeps of it."""

    @property
    def name(self) -> str:
        """Of the data that were searched."""
        ...

    @property
    def stand_in_for(self) -> str | None:
        """What was asked for in its place."""
        ...


def task_title(task: Named, mark: Callable[[str], str] = str) -> str:
    """What was asked for, and the sample that stands in for it where it could not be had.

    Args:
        mark: marks a name, as code in Markdown.
    """
    if task.stand_in_for is None:
        return mark(task.name)
    return f"{mark(task.stand_in_for)} (sample {mark(task.name)})"
