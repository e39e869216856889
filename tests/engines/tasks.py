"""Small tasks without data, and the built-in PLM, for the tests of engines."""

from __future__ import annotations

from collections.abc import Sequence

from promptsearch.tasks.task import Task
from promptsearch.verbalizer import Label


def task(
    kind: str,
    labels: Sequence[Label],
    names: Sequence[str] | None = None,
    fields: Sequence[str] = ("text",),
    name: str = "mine",
) -> Task:
    """A task of that kind with no examples; names are the labels as text where not given."""
    shown = tuple(map(str, labels)) if names is None else tuple(names)
    return Task(name, kind, tuple(fields), tuple(labels), shown, "accuracy", {})
