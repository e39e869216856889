"""Search for the best prompt of a task: try candidates on every PLM, choose on dev, score once on test."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from promptsearch.study.artefacts import discard, has_study, new_folder
from promptsearch.study.budget import Clock
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.loading import load_search_plm
from promptsearch.study.observer import Observer
from promptsearch.study.outcome import conclude, write_report
from promptsearch.study.result import Discovery, Draw
from promptsearch.study.resuming import options_of, same_unfinished
from promptsearch.study.session import PLMs
from promptsearch.study.setup import Engines, load_search_task
from promptsearch.study.sitting import Sitting
from promptsearch.study.workers import Workers

__all__ = ["discover", "load_search_plm", "resume", "run"]


def discover(task: str | None = None, *, observer: Observer | None = None, **options: Any) -> Discovery:
    """Find the best prompt for a task.

    Candidates of every engine are tried on every PLM under every calibration. Those that look best on train
    are compared on dev; the winner and the manual prompt are scored on test, once.

    Args:
        task: name of the task, such as `sst2`.
        observer: told how the search goes on.
        options: fields of `DiscoverConfig`.

    Raises:
        PromptSearchError: whatever the task, data, PLMs or options make impossible.
    """
    return run(DiscoverConfig(task=task, **options), observer or Observer())


def run(config: DiscoverConfig, observer: Observer, begun: float | None = None) -> Discovery:
    """`discover` for a config.

    Where its folder holds an unfinished run of the same config, that one goes on.

    Args:
        begun: since when time counts, by `time.monotonic`; None for now.
    """
    if same_unfinished(config):
        observer.notice(f"The run in {config.out} was not finished; it goes on.")
        return resume(Path(str(config.out)), observer, begun)
    found = _search(config, observer, begun)
    return _other_draws(config, observer, found) if config.seeds > 1 else found


def resume(folder: Path, observer: Observer, begun: float | None = None, **changes: Any) -> Discovery:
    """Go on with a run that was stopped or killed, or give more time to one that is done.

    What the study has finished is kept. Time that earlier sittings took counts; to take it up again does not.

    Args:
        begun: as for `run`.
        changes: fields of the run's `DiscoverConfig` to change: its limits, workers, device, offline.

    Raises:
        StorageError: the folder holds no run, or one that is going on.
        PromptSearchError: as `discover`; or the data are not those of the run.
    """
    config = replace(options_of(folder), out=folder, **changes)
    found = _search(config, observer, begun, resumed=True)
    return _other_draws(config, observer, found) if config.seeds > 1 else found


def _search(
    config: DiscoverConfig, observer: Observer, begun_at: float | None, resumed: bool = False
) -> Discovery:
    """One search, from its data to its files."""
    clock = Clock(config.limits.shared(config.seeds), begun=begun_at)
    observer.stage("Reading the data")
    task = load_search_task(config)
    for notice in task.notices:
        observer.notice(notice)
    engines = Engines.of(config, task, observer)
    out = None if config.out is None else Path(config.out)
    folder = out if resumed and out is not None else new_folder(task.name, out)
    begun, kept = False, resumed
    try:
        with Workers.started(config, config.workers - 1) as workers:
            plms = PLMs.load(config, observer)
            with Sitting.open(
                config, task, engines, plms, folder, clock, observer, workers, resumed
            ) as sitting:
                begun = True
                try:
                    interrupted = sitting.search_all()
                finally:
                    kept = kept or bool(sitting.search.trials)
                return conclude(sitting, interrupted)
    finally:
        if not kept and begun:
            discard(folder, made=config.out is None)
        elif not kept and config.out is None:
            with suppress(OSError):
                folder.rmdir()


def _other_draws(config: DiscoverConfig, observer: Observer, found: Discovery) -> Discovery:
    """The same search on other draws of train and dev, for the spread; the first one's prompt stays."""
    draws, share = [Draw.of(config.seed, found)], config.limits.shared(config.seeds).minutes
    for seed in range(config.seed + 1, config.seed + config.seeds):
        if found.interrupted:
            break
        observer.notice(f"Draw {seed - config.seed + 1} of {config.seeds}: seed {seed}")
        folder = found.folder / f"seed-{seed}"
        options = replace(config, minutes=share, seed=seed, seeds=1, out=folder)
        if has_study(folder):
            changed = {
                name: getattr(options, name)
                for name in ("minutes", "evaluations", "workers", "device", "offline")
            }
            other = resume(folder, observer, **changed)
        else:
            other = run(options, observer)
        draws.append(Draw.of(seed, other))
        found = replace(
            found,
            interrupted=other.interrupted,
            seconds=found.seconds + other.seconds,
            seconds_on_top=found.seconds_on_top + other.seconds_on_top,
        )
    found = replace(found, draws=tuple(draws))
    write_report(found)
    return found
