"""The study beside random search and TPE over the same combinations, at equal seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from promptsearch.bench.fresh_cache import within_fresh_cache
from promptsearch.bench.machine import Machine, load_now
from promptsearch.bench.random_search import Pools, Space, WordSearch, filled, plain_words, search
from promptsearch.bench.study_courses import STUDY, TPE, WAYS, WITHOUT_WORDS, Course, Step, StudyBench
from promptsearch.plms.base import AnswerScoring
from promptsearch.study.budget import Clock
from promptsearch.study.config import DEFAULT_CALIBRATIONS, DiscoverConfig
from promptsearch.study.evaluating import evaluate_trial
from promptsearch.study.observer import Observer
from promptsearch.study.offers import WORDS
from promptsearch.study.progress import value_of
from promptsearch.study.session import PLMs
from promptsearch.study.setup import Engines, load_search_task
from promptsearch.study.sitting import Sitting
from promptsearch.study.trial import Trial
from promptsearch.study.workers import Workers
from promptsearch.tasks.task import Task

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


@dataclass
class _Record:
    """Takes down how a search goes."""

    clock: Clock
    metric: str
    steps: list[Step] = field(default_factory=list)
    best: Trial | None = None
    combinations: int = 0
    templates: set[tuple[str, str]] = field(default_factory=set)

    def note(self, trials: Sequence[Trial]) -> None:
        """Take down what was tried just now; what came too late does not count."""
        if self.clock.left is not None and self.clock.left < 0:
            return
        last = self.steps[-1] if self.steps else Step(0.0, float("-inf"), float("-inf"))
        best, value = last.log_likelihood, last.value
        for trial in trials:
            self.combinations += 1
            self.templates.add((trial.plm, str(trial.candidate.template)))
            if trial.left_early or trial.dev.unscored:
                continue  # judged on other examples than the rest
            value = max(value, value_of(trial.dev, self.metric))
            if trial.dev.log_likelihood > best:
                best, self.best = trial.dev.log_likelihood, trial
        self.steps.append(Step(self.clock.seconds, best, value))

    def course(self, way: str, seed: int, task: Task, plms: PLMs) -> Course:
        """The search as it went; its best is scored on test."""
        steps, best = tuple(self.steps), self.best
        if best is None:
            return Course(way, seed, steps, self.combinations, len(self.templates))
        engine, plm = best.candidate.engine, best.plm
        found = evaluate_trial(plms.loaded[plm], best, task.test)
        test = found.value(self.metric), found.log_likelihood
        return Course(way, seed, steps, self.combinations, len(self.templates), engine, plm, test)


def run(
    config: DiscoverConfig,
    seeds: Sequence[int],
    seconds: float,
    marks: Sequence[float],
    observer: Observer,
    free_words: bool = False,
    command: str = "",
) -> StudyBench:
    """Search with every way on every seed, taking turns; each begins with nothing remembered.

    Args:
        config: what is searched; its seed and limits are set here.
        seconds: that every search gets. Reading data and loading PLMs do not count.
        marks: seconds at which they are compared, besides the last.
        free_words: whether the clocks of random search and TPE stand still while label words are searched.

    Raises:
        PromptSearchError: as `discover`.
    """
    import torch

    machine = Machine.now()
    courses: list[Course] = []
    task, names = None, ()
    for turn, seed in enumerate(seeds):
        own = replace(config, seed=seed, minutes=seconds / 60, evaluations=None)
        task = load_search_task(own)
        pools = _pools(own, task)
        shift = turn % len(WAYS)
        for way in (*WAYS[shift:], *WAYS[:shift]):
            observer.stage(f"Seed {seed}: {way}")
            with within_fresh_cache():
                plms = PLMs.load(own, Observer())
                names = tuple(plms.loaded)
                record = _searched(way, own, task, plms, pools, free_words)
                courses.append(record.course(way, seed, task, plms))
    if task is None:
        raise ValueError("at least one seed is needed")
    all_marks = tuple(sorted({*(mark for mark in marks if mark < seconds), seconds}))
    return StudyBench(
        task,
        config,
        seconds,
        all_marks,
        names,
        tuple(courses),
        torch.get_num_threads(),
        machine,
        load_now(),
        free_words,
        command,
    )


def _pools(config: DiscoverConfig, task: Task) -> Pools:
    """What random search and TPE draw from, found before their time begins."""
    with within_fresh_cache():
        return filled(task, Engines.of(config, task), PLMs.load(config, Observer()).loaded, config.seed)


def _searched(
    way: str, config: DiscoverConfig, task: Task, plms: PLMs, pools: Pools, free_words: bool
) -> _Record:
    engines = Engines.of(config, task)
    clock = Clock(config.limits)
    record = _Record(clock, task.metric)
    plms.watch(Observer(), clock)
    if way == STUDY:
        _by_study(config, task, engines, plms, record)
    else:
        words = None
        if WORDS in engines.names and way != WITHOUT_WORDS:
            stopped = clock if free_words else None
            words = WordSearch(task, engines, plms.loaded, plain_words(pools), config.seed, stopped)
        space = Space(pools, words, tuple(config.calibrations or DEFAULT_CALIBRATIONS))
        scoring = AnswerScoring(config.normalisation)
        search(space, task, plms.loaded, scoring, _sampler(way, config.seed), clock, record.note)
    plms.watch(Observer(), None)
    return record


def _by_study(config: DiscoverConfig, task: Task, engines: Engines, plms: PLMs, record: _Record) -> None:
    """As `discover` searches, but for all of the time: none is set aside for test and report."""
    clock = record.clock
    with TemporaryDirectory(prefix="promptsearch-") as folder:
        place, alone = Path(folder), Workers([])
        opened = Sitting.open(config, task, engines, plms, place, clock, Observer(), alone, resumed=False)
        with opened as sitting:
            kept = sitting.search.keep

            def keep(found: list[Trial], running: int) -> None:
                record.note(found)
                kept(found, running)
                clock.reserved = 0.0

            sitting.search.keep = keep
            sitting.search.run()


def _sampler(way: str, seed: int) -> BaseSampler:
    from optuna.samplers import RandomSampler, TPESampler

    # With one seed for all, their first draws would be the same.
    own = 1000 * WAYS.index(way) + seed
    return TPESampler(seed=own) if way == TPE else RandomSampler(seed=own)
