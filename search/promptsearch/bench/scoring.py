"""`promptsearch bench scoring`: everything that is measured, in one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promptsearch.bench.choosing import Subject, library_job, suffix_job
from promptsearch.bench.comparison import Comparison, Contender, Promise, compare
from promptsearch.bench.goals import Goal, goals_of, goals_of_rates
from promptsearch.bench.harness import VERSION, lm_eval_python
from promptsearch.bench.job import Job
from promptsearch.bench.machine import Machine, load_now
from promptsearch.bench.processes import ContenderError
from promptsearch.bench.suffixes import suffix_templates
from promptsearch.bench.verbalizers import VerbalizerRate, verbalizer_rates
from promptsearch.showing import count
from promptsearch.tasks import Task, draw_splits, load_task

_PROMISE = Promise(4.0)
_OURS = [
    Contender("ours", "promptsearch", own=True),
    Contender("ours-float32", "promptsearch, float32", own=True),
]
_PIPELINE = [
    Contender("fill-mask", "fill-mask pipeline"),
    Contender("fill-mask-32", "fill-mask, batches of 32"),
]
_PADDED = Contender("padded", "padded batches of 32")


@dataclass(frozen=True)
class ScoringBenchConfig:
    """What to measure.

    Attributes:
        plms: each is compared with what there is for its family.
        templates: of the library, in the main comparison of each PLM.
        suffixes: how many of the fifty suffix templates.
    """

    task: str | None = "sst2"
    data: Path | None = None
    mapping: str | None = None
    plms: Sequence[str] = ("minilm-mlm", "smollm2-135m")
    examples: int = 256
    templates: int = 8
    suffixes: int = 50
    repeats: int = 3
    with_lm_eval: bool = True
    stand_in: bool = True
    offline: bool = False
    command: str = ""


@dataclass
class ScoringBench:
    """All that was measured; filled as the measurement goes on.

    Attributes:
        skipped: what was left out, and why.
        load_after: as `Machine.load`, at the end; the measurement's own threads are in it.
    """

    config: ScoringBenchConfig
    task: Task
    machine: Machine
    comparisons: list[Comparison] = field(default_factory=list)
    rates: list[VerbalizerRate] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    load_after: float | None = None

    @property
    def goals(self) -> list[Goal]:
        """What was promised and what was found."""
        of_comparisons = (goal for comparison in self.comparisons for goal in goals_of(comparison))
        return [*of_comparisons, *goals_of_rates(self.rates)]

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {
            "command": self.config.command,
            "machine": self.machine.record(),
            "load_after": self.load_after,
            "task": self.task.name,
            "stand_in_for": self.task.stand_in_for,
            "repeats": self.config.repeats,
            "comparisons": [comparison.record() for comparison in self.comparisons],
            "verbalizers": [rate.record() for rate in self.rates],
            "goals": [goal.record() for goal in self.goals],
            "skipped": self.skipped,
        }


def run(
    config: ScoringBenchConfig, stage: Callable[[str], None], notice: Callable[[str], None]
) -> ScoringBench:
    """Measure.

    Args:
        stage: told what is being measured.
        notice: told what the user must know, such as a contender that is left out.

    Raises:
        TaskError, DataError: the task cannot be had.
        PLMError: a PLM cannot be had.
        ContenderError: a contender failed.
    """
    task = draw_splits(
        load_task(
            config.task,
            data=config.data,
            mapping=config.mapping,
            stand_in=config.stand_in,
            offline=config.offline,
        ),
        shots=None,
        seed=0,
    )
    for text in task.notices:
        notice(text)
    examples = [*task.test, *task.dev, *task.train][: config.examples]
    bench = ScoringBench(config, task, Machine.now())
    measure = _Measure(bench, stage, notice)
    jobs: list[Job] = []
    for reference in config.plms:
        subject = Subject.of(reference, offline=config.offline, progress=stage)
        job = library_job(task, subject, config.templates, examples)
        jobs.append(job)
        if subject.family == "masked":
            measure.masked(job)
        else:
            measure.causal(job, subject)
    stage("Judging verbalizers on cached answer states")
    bench.rates += verbalizer_rates(jobs[0], examples, config.repeats)
    bench.load_after = load_now()
    return bench


@dataclass(frozen=True)
class _Measure:
    bench: ScoringBench
    stage: Callable[[str], None]
    notice: Callable[[str], None]

    def masked(self, job: Job) -> None:
        self._compare(_title(job), job, [*_OURS, *_PIPELINE], "fill-mask", _PROMISE)

    def causal(self, job: Job, subject: Subject) -> None:
        contenders = [*_OURS, _PADDED, *self._lm_eval()]
        self._compare(_title(job), job, contenders, "padded", _PROMISE)
        alone = job.head(len(job.examples), 1)
        self._compare(_title(alone), alone, contenders, "padded")
        sources = suffix_templates(self.bench.task.fields[0])[: self.bench.config.suffixes]
        suffixes = suffix_job(job, subject, sources)
        both = [_OURS[0], Contender("ours-unshared", "without sharing")]
        self._compare(
            _title(suffixes, "suffix template"), suffixes, both, "ours-unshared", Promise(4.0, memory=False)
        )

    def _compare(
        self,
        title: str,
        job: Job,
        contenders: Sequence[Contender],
        reference: str,
        promise: Promise | None = None,
    ) -> None:
        found = compare(title, job, contenders, reference, self.bench.config.repeats, self.stage, promise)
        self.bench.comparisons.append(found)

    def _lm_eval(self) -> list[Contender]:
        config = self.bench.config
        if not config.with_lm_eval:
            return []
        try:
            python = lm_eval_python(config.offline, self.stage)
        except ContenderError as error:
            text = f"lm-eval was left out: {error.message}" + (f" ({error.where})" if error.where else "")
            if text not in self.bench.skipped:
                self.bench.skipped.append(text)
                self.notice(text)
            return []
        return [Contender("lm-eval", f"lm-eval {VERSION}", python=python)]


def _title(job: Job, thing: str = "template") -> str:
    return f"{job.plm}, {count(len(job.templates), thing)}"
