"""One worker process: takes part in a study that another process has begun."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import optuna
from optuna import Study

from promptsearch.errors import DataError, OptionError, PLMError
from promptsearch.study.budget import Clock, TimeUp
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.heartbeat import Heartbeat
from promptsearch.study.observer import Observer
from promptsearch.study.record import restored
from promptsearch.study.rungs import Rungs
from promptsearch.study.sampler import GroupSampler
from promptsearch.study.session import PLMs
from promptsearch.study.setup import Engines, load_search_task
from promptsearch.study.sitting import FINGERPRINT, LOADED, OPTIONS, OVER, new_search
from promptsearch.study.spent import spent
from promptsearch.study.storage import open_storage, shown
from promptsearch.study.workers import limited_threads
from promptsearch.tasks.task import Task

# So often the storage is asked whether the run is over.
_LOOK_SECONDS = 0.5


@dataclass
class _Until(Clock):
    """The clock of a process that helps: what it is at also stops when the run has ended.

    Attributes:
        ended: asks whether it has.
    """

    ended: Callable[[], bool] = lambda: False
    _looked: float = 0.0

    def check(self) -> None:
        super().check()
        if time.monotonic() - self._looked > _LOOK_SECONDS:
            if self.ended():
                raise TimeUp
            self._looked = time.monotonic()


def work(
    storage: str,
    observer: Observer,
    study: str | None = None,
    threads: int | None = None,
    parent: int | None = None,
) -> int:
    """Take part in a study until it is over; the number of templates that were tried here.

    Data, PLMs and options are those of the run; data files must lie at the same place.

    Args:
        study: its name, where the storage holds several.
        threads: that torch computes with.
        parent: process without which there is nothing to work for.

    Raises:
        OptionError: the storage has no such study, or several and none was named.
        DataError: the data here are not those of the run.
        PLMError: a PLM of the run cannot be had here.
        PromptSearchError: as in `discover`.
    """
    with limited_threads(threads):
        shared = _study(storage, study)
        options = shared.user_attrs.get(OPTIONS)
        if options is None:
            raise OptionError("the study was not begun by promptsearch", where=shown(storage))
        return _Ready.of(restored(options, shown(storage)), observer).search(shared, parent)


def work_when_told(
    lines: Iterable[str], observer: Observer, threads: int | None = None, parent: int | None = None
) -> int:
    """Load what a search needs, and take part in its study once that is there; else as `work`.

    Args:
        lines: the options of the search, and then its storage and the name of its study, each as JSON. Where
            they end sooner the search never began.
    """
    told = iter(lines)
    with limited_threads(threads):
        options = next(told, None)
        if options is None:
            return 0
        ready = _Ready.of(restored(json.loads(options), "standard input"), observer)
        place = next(told, None)
        if place is None:
            return 0
        where = json.loads(place)
        _say_in(where["log"])
        return ready.search(_study(where["storage"], where["study"]), parent)


def _say_in(log: str) -> None:
    """Have all that this process prints from here on go to a file."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    opened = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for standard in (1, 2):
        os.dup2(opened, standard)
    os.close(opened)


@dataclass(frozen=True)
class _Ready:
    """All that a search needs, but the study."""

    config: DiscoverConfig
    task: Task
    plms: PLMs
    engines: Engines
    observer: Observer

    @classmethod
    def of(cls, config: DiscoverConfig, observer: Observer) -> _Ready:
        task = load_search_task(config)
        return cls(config, task, PLMs.load(config, observer), Engines.of(config, task, observer), observer)

    def search(self, study: Study, parent: int | None) -> int:
        """Take part; the number of templates that were tried here."""
        self._check(study)
        config, observer = self.config, self.observer
        sampler = GroupSampler((config.seed + os.getpid()) % 2**32, lambda group: search.untried(group))
        study.sampler = sampler
        with Heartbeat(study) as beat:
            clock = _Until(config.limits.shared(config.seeds), spent(study))
            clock.ended = lambda: bool(study.user_attrs.get(OVER)) or _orphaned(parent)
            self.plms.watch(observer, clock)
            rungs = Rungs.of(self.task, config.seed)
            search = new_search(config, rungs, self.engines, self.plms, study, sampler, beat, clock, observer)
            search.run(clock.ended)
            return len({trial.candidate.template for trial in search.trials})

    def _check(self, study: Study) -> None:
        there = study.user_attrs.get(FINGERPRINT)
        if there != self.task.fingerprint:
            raise DataError(
                "the data here are not those of the run",
                where=f"{self.task.fingerprint[:16]} here, {there!s:.16} there",
                hint="Give this machine the same files, at the same place.",
            )
        if missing := [plm for plm in study.user_attrs.get(LOADED, ()) if plm not in self.plms.loaded]:
            raise PLMError(
                f"{missing[0]}, which the run searches on, cannot be had here",
                where=self.plms.unavailable.get(missing[0]),
            )


def _study(storage: str, name: str | None) -> Study:
    """The study of that name, or the only one there is."""
    kept = open_storage(storage)
    names = [each.study_name for each in optuna.get_all_study_summaries(kept, include_best_trial=False)]
    if name is None and len(names) == 1:
        name = names[0]
    if name not in names:
        there = (
            f"There are {', '.join(names[:8])}." if names else "Begin with `promptsearch discover --storage`."
        )
        what = "no study" if name is None else f"no study {name!r}"
        if name is None and names:
            what = "several studies"
        raise OptionError(
            f"the storage holds {what}", where=shown(storage), hint=f"{there} Name one by --study."
        )
    return optuna.load_study(study_name=name, storage=kept)


def _orphaned(parent: int | None) -> bool:
    """Whether the process that has begun the search is gone."""
    if parent is None:
        return False
    return os.getppid() != parent
