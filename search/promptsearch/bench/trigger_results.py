"""What `bench trigger` measures, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from promptsearch.bench.goals import Goal
from promptsearch.bench.machine import Machine
from promptsearch.bench.trigger_contenders import OWN
from promptsearch.bench.trigger_job import Search, TriggerJob
from promptsearch.bench.trigger_quality import Quality

MAIN, FLOAT32, AUTOPROMPT, ONE_PROMPT = "ours", "ours-float32", "autoprompt", "one-prompt"
NANOGCG = {"nanogcg": "nanoGCG, float32", "nanogcg-bfloat16": "nanoGCG, bfloat16"}
ALONE = (ONE_PROMPT, *NANOGCG)
"""Contenders that search a trigger for one prompt."""
TITLES = {
    **{name: own.title for name, own in OWN.items()},
    AUTOPROMPT: "AutoPrompt, plain",
    ONE_PROMPT: "promptsearch, one prompt",
    **NANOGCG,
}
_AUTOPROMPT_TIMES, _NANOGCG_TIMES, _MOST_BYTES = 10.0, 3.0, 3e9
# A loss is clearly lower by so many nats.
_CLEARLY = 0.05


@dataclass(frozen=True)
class TriggerBenchConfig:
    """What to measure.

    Attributes:
        template: with one `{trigger*m}`; a causal PLM needs its slot at the end.
        examples: prompts, drawn by class from train.
        seconds: of each search.
        marks: seconds after which losses are compared, besides the last.
        seeds: draws of the prompts; nanoGCG and ablations take the first alone.
        ablation_seconds: of each search with something switched off; 0 for none.
        places, tried: trigger places whose swaps are read, and how many; 0 places for none.
    """

    task: str | None = "sst2"
    data: Path | None = None
    mapping: str | None = None
    plms: Sequence[str] = ("minilm-mlm", "smollm2-135m")
    template: str = "{text} {trigger*3} {mask}"
    examples: int = 32
    seconds: float = 60.0
    marks: Sequence[float] = (5.0, 10.0, 30.0)
    seeds: int = 1
    with_nanogcg: bool = True
    ablation_seconds: float = 0.0
    places: int = 0
    tried: int = 256
    stand_in: bool = True
    offline: bool = False
    command: str = ""

    @property
    def all_marks(self) -> tuple[float, ...]:
        """Seconds at which losses are compared, the last included."""
        return (*sorted({mark for mark in self.marks if mark < self.seconds}), self.seconds)


@dataclass(frozen=True)
class Entry:
    """One contender on one PLM.

    Attributes:
        searches: one a seed.
        losses: (seeds, marks) loss in nats of the trigger that it held, on all prompts in float32; None where
            it held none, or searches for one prompt only.
    """

    key: str
    searches: tuple[Search, ...]
    losses: tuple[tuple[float | None, ...], ...] = ()

    @property
    def title(self) -> str:
        """In tables."""
        return TITLES[self.key]

    @property
    def rate(self) -> float:
        """Pairs of a candidate and a prompt a second, median over seeds."""
        return float(np.median([search.rate for search in self.searches]))

    @property
    def candidate_rate(self) -> float:
        """Different candidates a second, median over seeds."""
        return float(np.median([search.candidate_rate for search in self.searches]))

    @property
    def peak_bytes(self) -> int | None:
        """Most memory of its processes."""
        return max((s.peak_bytes for s in self.searches if s.peak_bytes is not None), default=None)

    def loss(self, mark: int) -> float | None:
        """Mean over seeds at the mark of that index."""
        values = [row[mark] for row in self.losses]
        known = [value for value in values if value is not None]
        return float(np.mean(known)) if known and len(known) == len(values) else None

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {
            "title": self.title,
            "forwards_per_second": self.rate,
            "candidates_per_second": self.candidate_rate,
            "peak_bytes": self.peak_bytes,
            "losses": [list(row) for row in self.losses],
            "searches": [asdict(search) for search in self.searches],
        }


@dataclass(frozen=True)
class Field:
    """All contenders on one PLM.

    Attributes:
        job: of the first seed.
        marks: seconds of the losses.
    """

    job: TriggerJob
    marks: tuple[float, ...]
    threads: int
    entries: tuple[Entry, ...]
    ablations: tuple[Entry, ...] = ()
    ablation_seconds: float = 0.0
    quality: tuple[Quality, ...] = ()

    def named(self, key: str) -> Entry | None:
        """The contender of that key, if it took part."""
        return next((entry for entry in self.entries if entry.key == key), None)

    def candidate_rate(self, entry: Entry) -> float:
        """Different candidates a second, for all prompts.

        Of one that searches for one prompt: as many as it could read on that many prompts.
        """
        return entry.rate / len(self.job.ids) if entry.key in ALONE else entry.candidate_rate

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {
            "plm": self.job.plm,
            "template": self.job.template,
            "words": list(self.job.words),
            "prompts": len(self.job.ids),
            "threads": self.threads,
            "marks": list(self.marks),
            "contenders": [entry.record() for entry in self.entries],
            "ablations": [entry.record() for entry in self.ablations],
            "quality": [quality.record() for quality in self.quality],
        }


def goals_of(found: Field) -> list[Goal]:
    """Candidates a second beside the others, loss after the same seconds, memory."""
    ours, plm, goals = found.named(MAIN), found.job.plm, list[Goal]()
    plain = found.named(AUTOPROMPT)
    if ours is None:
        return goals
    if plain is not None:
        times = ours.candidate_rate / plain.candidate_rate, ours.rate / plain.rate
        for what, value in zip(("candidates", "pairs"), times):
            goals.append(Goal(f"{plm}: × {what} a second of AutoPrompt", value, _AUTOPROMPT_TIMES))
        for mark, seconds in enumerate(found.marks):
            own, others = ours.loss(mark), plain.loss(mark)
            if own is not None and others is not None:
                what = f"{plm}: nats less than AutoPrompt's loss after {seconds:g} s"
                goals.append(Goal(what, others - own, _CLEARLY))
    alone = found.named(ONE_PROMPT)
    for entry in filter(None, map(found.named, NANOGCG)):
        if alone is not None:
            what = f"{plm}: × pairs a second of {entry.title}, the same steps on the same prompt"
            goals.append(Goal(what, alone.rate / entry.rate, _NANOGCG_TIMES))
        times = ours.candidate_rate / found.candidate_rate(entry)
        goals.append(Goal(f"{plm}: × candidates a second of {entry.title}", times, _NANOGCG_TIMES))
    if ours.peak_bytes is not None:
        goals.append(Goal(f"{plm}: peak GB", ours.peak_bytes / 1e9, _MOST_BYTES / 1e9, at_least=False))
    return goals


@dataclass
class TriggerBench:
    """All that was measured; filled as the measurement goes on."""

    config: TriggerBenchConfig
    task: str
    machine: Machine
    fields: list[Field] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    load_after: float | None = None

    @property
    def goals(self) -> list[Goal]:
        """What was promised and what was found."""
        return [goal for found in self.fields for goal in goals_of(found)]

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {
            "command": self.config.command,
            "machine": self.machine.record(),
            "load_after": self.load_after,
            "task": self.task,
            "seconds": self.config.seconds,
            "plms": [found.record() for found in self.fields],
            "goals": [goal.record() for goal in self.goals],
            "skipped": self.skipped,
        }
