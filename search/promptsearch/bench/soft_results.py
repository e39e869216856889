"""What `bench soft` measures, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from promptsearch.bench.goals import Goal
from promptsearch.bench.machine import Machine
from promptsearch.bench.soft_contenders import IN_FRONT, OURS, PEFT, PEFT_ANSWERS
from promptsearch.bench.soft_job import SoftJob, SoftPass

TITLES = {
    OURS: "promptsearch",
    IN_FRONT: "promptsearch, soft tokens in front",
    PEFT: "peft, prompt tuning",
    PEFT_ANSWERS: "peft, logits of answers only",
}
_TIMES = 1.3


@dataclass(frozen=True)
class SoftBenchConfig:
    """What to measure.

    Attributes:
        template: of words; soft tokens are added to it.
        tokens: numbers of soft tokens, each measured.
        shots: examples a class.
        batch: examples a step.
        seconds: of each pass.
        repeats: passes of each contender.
        dtype: as `load_plm` takes it; all contenders run in the one that is picked.
    """

    task: str | None = "sst2"
    data: Path | None = None
    mapping: str | None = None
    plms: Sequence[str] = ("minilm-mlm", "smollm2-135m")
    template: str = "{text} It was {mask}"
    tokens: Sequence[int] = (5, 20)
    shots: int = 16
    batch: int = 16
    seconds: float = 15.0
    repeats: int = 3
    dtype: str = "auto"
    stand_in: bool = True
    offline: bool = False
    command: str = ""


@dataclass(frozen=True)
class Entry:
    """The passes of one contender."""

    key: str
    passes: tuple[SoftPass, ...]

    @property
    def title(self) -> str:
        """In tables."""
        return TITLES[self.key]

    @property
    def rate(self) -> float:
        """Steps a second, median over passes."""
        return median(each.rate for each in self.passes)

    @property
    def steps(self) -> int:
        """Of all passes."""
        return sum(each.steps for each in self.passes)

    @property
    def loss(self) -> float:
        """Before the first step, in nats."""
        return self.passes[0].loss

    @property
    def peak_bytes(self) -> int | None:
        """Most memory of its process."""
        return max((each.peak_bytes for each in self.passes if each.peak_bytes is not None), default=None)

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {
            "title": self.title,
            "steps_per_second": self.rate,
            "loss": self.loss,
            "peak_bytes": self.peak_bytes,
            "passes": [asdict(each) for each in self.passes],
        }


@dataclass(frozen=True)
class Field:
    """All contenders on one PLM with one number of soft tokens, promptsearch as a user gets it first."""

    job: SoftJob
    threads: int
    entries: tuple[Entry, ...]

    @property
    def own(self) -> Entry:
        """promptsearch as a user gets it."""
        return self.entries[0]

    @property
    def others(self) -> tuple[Entry, ...]:
        """The contenders that promptsearch is compared with."""
        return tuple(entry for entry in self.entries if entry.key in (PEFT, PEFT_ANSWERS))

    @property
    def goals(self) -> list[Goal]:
        """Steps a second beside the others, and no more memory than any of them."""
        on = f"{self.job.plm}, {self.job.soft_tokens} soft tokens"
        found = [
            Goal(f"{on}: × steps a second of {entry.title}", self.own.rate / entry.rate, _TIMES)
            for entry in self.others
        ]
        for entry in self.others:
            if self.own.peak_bytes is not None and entry.peak_bytes is not None:
                what = f"{on}: peak MB beside {entry.title}"
                own, other = self.own.peak_bytes / 1e6, entry.peak_bytes / 1e6
                found.append(Goal(what, own, other, at_least=False))
        return found

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {
            "plm": self.job.plm,
            "dtype": self.job.dtype,
            "soft_tokens": self.job.soft_tokens,
            "templates": [self.job.within, self.job.front],
            "words": list(self.job.words),
            "prompts": len(self.job.ids),
            "batch": self.job.batch,
            "threads": self.threads,
            "contenders": [entry.record() for entry in self.entries],
        }


@dataclass
class SoftBench:
    """All that was measured; filled as the measurement goes on."""

    config: SoftBenchConfig
    task: str
    peft: str
    machine: Machine
    fields: list[Field] = field(default_factory=list)
    load_after: float | None = None

    @property
    def goals(self) -> list[Goal]:
        """What was promised and what was found."""
        return [goal for found in self.fields for goal in found.goals]

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {
            "command": self.config.command,
            "machine": self.machine.record(),
            "peft": self.peft,
            "load_after": self.load_after,
            "task": self.task,
            "fields": [found.record() for found in self.fields],
            "goals": [goal.record() for goal in self.goals],
        }
