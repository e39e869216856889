"""`promptsearch bench trigger`: trigger search beside AutoPrompt and nanoGCG, in one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from promptsearch.bench import nanogcg, trigger_quality
from promptsearch.bench.machine import Machine, load_now
from promptsearch.bench.processes import ContenderError, Contestant
from promptsearch.bench.trigger_contenders import OWN
from promptsearch.bench.trigger_job import Filling, Search, TriggerJob
from promptsearch.bench.trigger_jobs import job_of, load_bench_task
from promptsearch.bench.trigger_results import (
    AUTOPROMPT,
    FLOAT32,
    MAIN,
    NANOGCG,
    ONE_PROMPT,
    TITLES,
    Entry,
    Field,
    TriggerBench,
    TriggerBenchConfig,
)
from promptsearch.bench.trigger_worker import MODULE


def run(
    config: TriggerBenchConfig,
    stage: Callable[[str], None],
    notice: Callable[[str], None],
    measured: Callable[[TriggerBench], None] = lambda _: None,
) -> TriggerBench:
    """Measure.

    Args:
        stage: told what is being measured.
        notice: told what the user must know, such as a contender that is left out.
        measured: given what there is after each PLM.

    Raises:
        TaskError, DataError: the task cannot be had.
        PLMError: a PLM cannot be had.
        ContenderError: a contender failed.
    """
    task = load_bench_task(config)
    bench = TriggerBench(config, task.stand_in_for or task.name, Machine.now())
    for reference in config.plms:
        stage(f"Laying out prompts for {reference}")
        jobs = [job_of(config, task, reference, seed) for seed in range(config.seeds)]
        bench.fields.append(_Measure(bench, stage, notice).field(jobs))
        bench.load_after = load_now()
        measured(bench)
    return bench


@dataclass(frozen=True)
class _Measure:
    bench: TriggerBench
    stage: Callable[[str], None]
    notice: Callable[[str], None]

    @property
    def config(self) -> TriggerBenchConfig:
        return self.bench.config

    def field(self, jobs: Sequence[TriggerJob]) -> Field:
        """All contenders on one PLM, promptsearch first: the others start from its start."""
        config, found = self.config, dict[str, list[Search]]()
        started, threads = list[TriggerJob](), 1
        for job in jobs:
            for key in (MAIN, FLOAT32, AUTOPROMPT):
                search, threads = self._search(key, job, config.seconds)
                found.setdefault(key, []).append(search)
                if key == MAIN:
                    job = replace(job, start=_start(search, job))
            started.append(job)
        first = started[0]
        for key, python in self._others(first).items():
            found[key] = [self._search(key, first, config.seconds, python)[0]]
        ablations = {
            key: [self._search(key, first, config.ablation_seconds)[0]] for key in self._ablations(first)
        }
        quality = ()
        if config.places:
            quality = trigger_quality.measure(first, config.places, config.tried, self.stage)
        self.stage(f"{first.plm}: reading what was found, in float32")
        judge = Judge(started)
        return Field(
            first,
            config.all_marks,
            threads,
            tuple(judge.entry(key, searches, config.all_marks) for key, searches in found.items()),
            tuple(judge.entry(k, s, (config.ablation_seconds,)) for k, s in ablations.items()),
            config.ablation_seconds,
            quality,
        )

    def _search(
        self, key: str, job: TriggerJob, seconds: float, python: Path | None = None
    ) -> tuple[Search, int]:
        """One search in a process of its own, and its threads."""
        self.stage(f"{job.plm}: {TITLES[key]}, {seconds:g} s")
        with ExitStack() as stack:
            contestant = Contestant(key, job, python, MODULE)
            stack.callback(contestant.close)
            return Search.from_record(contestant.ask(str(seconds))), contestant.threads

    def _others(self, job: TriggerJob) -> dict[str, Path | None]:
        """Contenders for one prompt at a time, with their interpreters."""
        if job.family != "causal" or not self.config.with_nanogcg:
            return {}
        try:
            python = nanogcg.ENVIRONMENT.python(self.config.offline, self.stage)
        except ContenderError as error:
            text = f"nanoGCG was left out: {error.message}" + (f" ({error.where})" if error.where else "")
            self.bench.skipped.append(text)
            self.notice(text)
            return {ONE_PROMPT: None}
        return {ONE_PROMPT: None, **dict.fromkeys(NANOGCG, python)}

    def _ablations(self, job: TriggerJob) -> list[str]:
        if not self.config.ablation_seconds:
            return []
        return [name for name, own in OWN.items() if not own.causal or job.family == "causal"]


class Judge:
    """Losses of triggers by the plain reference, the same for all who found them."""

    def __init__(self, jobs: Sequence[TriggerJob]) -> None:
        from promptsearch.bench.trigger_reference import Reference

        self._references = [Reference(job) for job in jobs]
        self._known: dict[tuple[int, tuple[int, ...]], float] = {}

    def entry(self, key: str, searches: Sequence[Search], marks: Sequence[float]) -> Entry:
        """A contender with the losses that it had reached at the marks."""
        losses = [[self._loss(i, s.held(mark)) for mark in marks] for i, s in enumerate(searches)]
        return Entry(key, tuple(searches), tuple(map(tuple, losses)))

    def _loss(self, seed: int, filling: tuple[int, ...] | None) -> float | None:
        if filling is None:
            return None
        if (seed, filling) not in self._known:
            self._known[seed, filling] = self._references[seed].loss(filling)
        return self._known[seed, filling]


def _start(search: Search, job: TriggerJob) -> Filling:
    """The trigger that a search began with."""
    if not search.trail:
        raise ContenderError(
            f"{search.seconds:.1f} s are too few to search a trigger on {job.plm} here",
            hint="Give more --seconds.",
        )
    return search.trail[0].filling
