"""What every contender of `bench trigger` is asked: the same prompts with the same places to fill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from promptsearch.bench.labelled_job import LabelledJob
from promptsearch.tasks.task import Task
from promptsearch.template import Template

Filling = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class TriggerJob(LabelledJob):
    """Labelled prompts with m places each that a trigger is searched for, which hold any id in `ids`.

    Attributes:
        template: its source, with `{trigger*m}`.
        free: (n, m) positions of the free places.
        start: tokens that every contender starts from.
    """

    template: str
    free: tuple[tuple[int, ...], ...]
    start: Filling = ()

    def task(self) -> Task:
        """The examples as a task's train and dev."""
        splits = dict.fromkeys(("train", "dev", "test"), self.labelled)
        fields = tuple(self.examples[0])
        return Task("bench", "text", fields, self.names, self.names, "accuracy", splits)

    @property
    def median(self) -> int:
        """A prompt of median length."""
        return sorted(range(len(self.ids)), key=lambda i: len(self.ids[i]))[len(self.ids) // 2]

    def chosen(self, rows: Sequence[int]) -> TriggerJob:
        """Some of the prompts."""
        names = ("examples", "labels", "ids", "free", "answer")
        return replace(self, **{name: tuple(getattr(self, name)[row] for row in rows) for name in names})

    def around(self, index: int) -> tuple[str, str]:
        """Text of one prompt before its trigger, and between trigger and answer."""
        text = Template.parse(self.template).fill(
            {name: value.strip() for name, value in self.examples[index].items()}, ""
        )
        before, slot, after = text.partition(f"{{trigger*{len(self.free[0])}}}")
        if not slot:
            raise ValueError(f"the template has no trigger: {self.template}")
        return before.rstrip(" "), after.rstrip(" ")


@dataclass(frozen=True)
class Found:
    """A trigger that a search went on from: seconds since its beginning, and the ids."""

    seconds: float
    filling: Filling


@dataclass(frozen=True)
class Search:
    """What a contender did in its time.

    Attributes:
        seconds: that it took, the loading of the PLM and a warm-up aside.
        forwards: pairs of a candidate and a prompt that went through the PLM; gradients are not counted.
        candidates: different candidates among them.
        gradients: prompts that a gradient was taken on.
        trail: the trigger it held best, each time that it changed; () where it is no trigger for all prompts.
        peak_bytes: most memory its process ever had.
    """

    seconds: float
    forwards: int
    candidates: int
    gradients: int
    trail: tuple[Found, ...] = ()
    peak_bytes: int | None = None

    @property
    def rate(self) -> float:
        """Pairs of a candidate and a prompt a second."""
        return self.forwards / self.seconds

    @property
    def candidate_rate(self) -> float:
        """Different candidates a second."""
        return self.candidates / self.seconds

    def held(self, seconds: float) -> Filling | None:
        """The trigger that it held best after so many seconds."""
        known = [found.filling for found in self.trail if found.seconds <= seconds]
        return known[-1] if known else None

    @classmethod
    def from_record(cls, values: dict[str, Any]) -> Search:
        """Read what `dataclasses.asdict` gave, through JSON."""
        trail = tuple(Found(found["seconds"], tuple(found["filling"])) for found in values.pop("trail"))
        return cls(**values, trail=trail)
