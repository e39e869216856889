"""One sitting of a search: from the study as it is found to the budget's end, here and in other processes."""

from __future__ import annotations

import secrets
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from optuna import Study

from promptsearch.engines.mining.mining import Mining
from promptsearch.errors import PromptSearchError
from promptsearch.plms.base import AnswerScoring
from promptsearch.showing import count
from promptsearch.study.artefacts import (
    CONFIG_FILE,
    FILE_OF_ENGINE,
    WORKERS_LOG,
    clear,
    run_lock,
    write_candidates,
    write_json,
)
from promptsearch.study.budget import Clock
from promptsearch.study.config import DEFAULT_CALIBRATIONS, DiscoverConfig
from promptsearch.study.ending import Ending
from promptsearch.study.ensembles import to_answer_together
from promptsearch.study.heartbeat import Heartbeat
from promptsearch.study.history import history_of
from promptsearch.study.judging import Judge
from promptsearch.study.leaving import Leaders
from promptsearch.study.nothing import check_needed, check_tried
from promptsearch.study.observer import Observer, Status
from promptsearch.study.offers import WORDS, Offers
from promptsearch.study.pools import Group
from promptsearch.study.progress import paces
from promptsearch.study.recalling import finished, recall
from promptsearch.study.record import config_record, saved
from promptsearch.study.resuming import STUDY, check_same, study_of
from promptsearch.study.rungs import Rungs, examples_of
from promptsearch.study.sampler import GroupSampler
from promptsearch.study.search import Search
from promptsearch.study.selection import Selection
from promptsearch.study.session import PLMs
from promptsearch.study.setup import Engines
from promptsearch.study.spent import noting_spent, spent, spent_on_top
from promptsearch.study.storage import open_study, shown
from promptsearch.study.trial import Trial
from promptsearch.study.trigger_schedule import OTHERS_SHARE, OTHERS_SHARE_WHERE_NEEDED, TriggerTurns
from promptsearch.study.triggers import TRIGGER, TriggerSearch
from promptsearch.study.workers import Workers
from promptsearch.tasks.task import Task

# Trials are written at least so often: a killed run loses little.
_WRITE_SECONDS = 2.0
_RESERVE_SECONDS = 5.0
_STATUS_SECONDS = 0.5
OVER, OPTIONS, FINGERPRINT, LOADED = "over", "options", "fingerprint", "plms"
"""Attributes of the study: whether the search is over, and on what it is."""


@dataclass
class Sitting:
    """A search as it goes on.

    Attributes:
        task: as it was drawn, with all of train, dev and test.
        ending: what there is time for when the search is over.
        before: numbers of the study's trials that earlier sittings had finished.
    """

    config: DiscoverConfig
    task: Task
    engines: Engines
    plms: PLMs
    folder: Path
    observer: Observer
    clock: Clock
    study: Study
    search: Search
    ending: Ending
    workers: Workers
    before: frozenset[int] = frozenset()
    _recalled: bool = False
    _written: float = 0.0
    _told: float = 0.0
    _reserved: float = 0.0
    _told_mined: bool = False

    @classmethod
    @contextmanager
    def open(
        cls,
        config: DiscoverConfig,
        task: Task,
        engines: Engines,
        plms: PLMs,
        folder: Path,
        clock: Clock,
        observer: Observer,
        workers: Workers,
        resumed: bool,
    ) -> Generator[Sitting]:
        """Begin a study in a folder, or go on with the one that is in it.

        Args:
            workers: take part when it is searched.

        Raises:
            StorageError: the folder's search is going on in another process, or its study is damaged.
        """
        with ExitStack() as stack:
            stack.enter_context(run_lock(folder))
            name = study_of(folder) if resumed else new_study_name(config, folder)
            if not resumed:
                clear(folder)
            write_json(folder / CONFIG_FILE, {**config_record(config, task), "study": name})
            sampler = GroupSampler(config.seed, lambda group: search.untried(group))
            place = config.storage or folder
            directions = ("maximize", "minimize") if config.by_cost else ("maximize",)
            study = open_study(place, name, sampler, directions)
            if config.storage is not None:
                join = f"promptsearch worker --storage {shown(config.storage)} --study {name}"
                observer.notice(f"Others take part by: {join}")
            beat = stack.enter_context(Heartbeat(study))
            check_same(study.user_attrs.get(FINGERPRINT), task, folder)
            before = finished(study)
            if resumed:
                clock.go_on(spent(study), spent_on_top(study))
            stack.enter_context(noting_spent(study, clock))
            study.set_user_attr(OPTIONS, saved(config))
            study.set_user_attr(FINGERPRINT, task.fingerprint)
            study.set_user_attr(LOADED, list(plms.loaded))
            rungs = Rungs.of(task, config.seed)
            search = new_search(config, rungs, engines, plms, study, sampler, beat, clock, observer, folder)
            search.pace.update(paces(study, examples_of(rungs.whole), without=WORDS))
            late = sum(engine in config.engines for engine in FILE_OF_ENGINE)
            ending = Ending(clock, plms, search.pace, observer, study, late)
            found = cls(
                config, task, engines, plms, folder, observer, clock, study, search, ending, workers, before
            )
            search.keep, search.searched = found._keep, found._tell_mined
            stack.callback(plms.watch, observer, None)
            yield found

    def search_all(self) -> bool:
        """Search until all is tried or the budget is spent; whether the user stopped it.

        Raises:
            PromptSearchError: nothing could be tried, and why.
        """
        self.study.set_user_attr(OVER, False)
        self.plms.watch(self.observer, None)
        interrupted = False
        try:
            if self.before:
                self.ending.reserve(self.task)
            with self.workers.searching(self.config, self.study, self.folder):
                self.plms.watch(self.observer, self.clock)
                try:
                    self.search.run()
                finally:
                    self.plms.watch(self.observer, None)
                    self.study.set_user_attr(OVER, True)
        except KeyboardInterrupt:
            if not (self.search.trials or self.before):
                raise
            interrupted = True
        except PromptSearchError:
            # What was tried until here is not lost; why it ended matters more than that it cannot be written.
            with suppress(PromptSearchError):
                self._recall()
                self.write()
            raise
        if self.workers.failed and not interrupted:
            number = count(self.workers.failed, "worker")
            self.observer.notice(f"{number} ended early, for what {self.folder / WORKERS_LOG} says")
        try:
            self._recall()
        except KeyboardInterrupt:
            interrupted = True
            self._recall()  # what is chosen must be one of all that was tried
        check_tried(self.search, list(self.plms.unavailable.values()))
        self.write()
        if not interrupted:
            check_needed(self.search, self.folder, self.config.command)
        return interrupted

    def _recall(self) -> None:
        """Know the figures of all that was tried: in earlier sittings, by other processes."""
        self.plms.watch(self.observer, None)
        if self.before and not self._recalled:
            with self.clock.standing_still():
                recall(self.search, self.before)
        self._recalled = True
        recall(self.search)

    @property
    def mining(self) -> Mining | None:
        """What the engine `mining` found; None where it had no turn."""
        task, engine = self.search.judge.rungs.whole, self.engines.mining
        mined = any(trial.candidate.engine == engine.name for trial in self.search.trials)
        return engine.mine(task) if mined else engine.found(task)

    @property
    def triggers(self) -> tuple[TriggerSearch, ...]:
        """How triggers were searched on each PLM where they had a turn."""
        found = (self.search.offers.triggers(plm) for plm in self.plms.loaded)
        return tuple(search for search in found if search is not None)

    def _tell_mined(self, group: Group) -> None:
        """What a user must know of the text that was mined, once."""
        if group.engine == self.engines.mining.name and not self._told_mined:
            self._told_mined = True
            for notice in self.mining.notices if self.mining is not None else ():
                self.observer.notice(notice)

    @property
    def unavailable(self) -> dict[str, str]:
        """PLMs that were asked for by default and brought nothing, and why."""
        left_out = {plm: error.message for plm, error in self.search.left_out.items()}
        return {**self.plms.unavailable, **left_out}

    # Keeping -------------------------------------------------------------------------------------

    def write(self) -> None:
        """Write every trial so far, once all are known: what earlier sittings wrote must not be lost."""
        if self.search.trials and (self._recalled or not self.before):
            write_candidates(self.folder / "candidates.jsonl", self.search.trials, self.task.metric)

    def _keep(self, found: list[Trial], running: int) -> None:
        now = time.monotonic()
        if now - self._reserved > _RESERVE_SECONDS:
            together = [trial.plm for trial in to_answer_together(self.search.trials)]
            self.ending.reserve(self.task, together)
            self._reserved = time.monotonic()
        if now - self._written > _WRITE_SECONDS:
            self.write()
            self._written = time.monotonic()
        if now - self._told > _STATUS_SECONDS:
            self.observer.status(self._status(running))
            self._told = time.monotonic()

    def _status(self, running: int) -> Status:
        metric, clock = self.task.metric, self.clock
        best = Selection.of(self.search.trials, metric).chosen.dev.value(metric)
        if self.before and not self._recalled:
            best = max([best, *(moment.best for moment in history_of(self.study)[-1:])])
        return Status(
            best, metric, clock.evaluations, len(self.search.trials), clock.seconds, clock.left, running
        )


def new_search(
    config: DiscoverConfig,
    rungs: Rungs,
    engines: Engines,
    plms: PLMs,
    study: Study,
    sampler: GroupSampler,
    beat: Heartbeat,
    clock: Clock,
    observer: Observer,
    folder: Path | None = None,
) -> Search:
    """One process's part in a study.

    Args:
        folder: of the run, where this process has the engines search; others wait for what they find.
    """
    offers = Offers(rungs.whole, engines, study, config.seed, folder, observer)
    after = OTHERS_SHARE_WHERE_NEEDED if TRIGGER in config.needed else OTHERS_SHARE
    return Search(
        engines=engines.names,
        plms=plms.loaded,
        offers=offers,
        judge=Judge(
            rungs,
            list(config.calibrations or DEFAULT_CALIBRATIONS),
            AnswerScoring(config.normalisation),
            Leaders(max(1, len(rungs.tasks) - 1)),
        ),
        study=study,
        sampler=sampler,
        triggers=TriggerTurns(offers, clock, config.trigger_evaluations, after),
        reclaim=beat.reclaim,
        clock=clock,
        observer=observer,
        asked=plms.asked,
        fills=folder is not None,
        workers=config.workers,
        by_time=config.minutes is not None,
        by_cost=config.by_cost,
        strict=config.plms is not None,
        needed=config.needed,
    )


def new_study_name(config: DiscoverConfig, folder: Path) -> str:
    """Name of a run's study: in a storage that others use too, one that no other run has."""
    return STUDY if config.storage is None else f"{folder.resolve().name}-{secrets.token_hex(4)}"
