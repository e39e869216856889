"""Mining without a PLM: which templates a text holds for a task, and how often."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from promptsearch.engines.mining.mining import Mining
from promptsearch.engines.mining.pairs import Fact, Pairs, no_pairs
from promptsearch.engines.mining.words import Words
from promptsearch.errors import DataError
from promptsearch.paths import atomic_write
from promptsearch.showing import printable
from promptsearch.study.artefacts import CONFIG_FILE, clear, new_folder, versions, write_json
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.observer import Observer
from promptsearch.study.record import plain
from promptsearch.study.setup import load_source, manual_engine, mining_engine
from promptsearch.tasks.facts import facts_of
from promptsearch.tasks.task import Task


@dataclass(frozen=True)
class MinedOnly:
    """What was mined.

    Attributes:
        task: with one split, `train`, that was mined with.
        seconds: time taken, set-up included.
        folder: where the files are.
    """

    task: Task
    mining: Mining
    seconds: float
    folder: Path
    command: str = ""

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user must know."""
        return (*self.task.notices, *self.mining.notices)


def run(config: DiscoverConfig, observer: Observer) -> MinedOnly:
    """Mine for a task with all examples of its train split, or of its only one, and write what was found.

    Raises:
        PromptSearchError: the task, its data, the corpus or the options make it impossible.
    """
    start = time.monotonic()
    observer.stage("Reading the data")
    task = mining_task(load_source(config))
    for notice in task.notices:
        observer.notice(notice)
    engine = mining_engine(config, task, manual_engine(config, task), observer)
    engine.check(task)
    folder = new_folder(task.name, Path(config.out) if config.out is not None else None)
    try:
        observer.stage("Mining")
        mining = engine.mine(task)
    except BaseException:
        if config.out is None:
            with suppress(OSError):
                folder.rmdir()
        raise
    for notice in mining.notices:
        observer.notice(notice)
    found = MinedOnly(task, mining, time.monotonic() - start, folder, config.command)
    _write(found, config)
    return found


def mining_task(task: Task) -> Task:
    """A task as loaded, with nothing but the split that is mined with: train, else the first there is.

    Raises:
        DataError: no split holds an example.
    """
    for name in ("train", "validation", "test"):
        if examples := task.splits.get(name, ()):
            told = getattr(task.splits, "notices", ())
            return replace(task.with_notices(*told), splits={"train": tuple(examples)}, _fingerprints={})
    raise DataError("there are no examples to mine with", where=task.source.location or task.name)


def check_facts(task: Task, words: Words) -> None:
    """See that a task of facts has a pair that can be mined with.

    Raises:
        DataError: it has none, and why.
    """
    facts = [Fact.of(triple) for triple in facts_of(mining_task(task))]
    pairs = Pairs.of([("", facts)], words)
    if not pairs.relations[""]:
        raise no_pairs(pairs.notices, task.source.location or task.name)


def _write(found: MinedOnly, config: DiscoverConfig) -> None:
    from promptsearch.report.mined_only import markdown

    clear(found.folder)
    write_json(found.folder / CONFIG_FILE, _config_record(found.task, config))
    atomic_write(found.folder / "report.md", printable(markdown(found)))
    write_json(found.folder / "mined.json", found.mining.record())


def _config_record(task: Task, config: DiscoverConfig) -> dict[str, Any]:
    return {
        "task": task.name,
        "kind": task.kind,
        "stand_in_for": task.stand_in_for,
        "source": {"kind": task.source.kind, "location": task.source.location},
        "fingerprint": task.fingerprint,
        "mining": plain(asdict(config.mining)),
        "command": config.command,
        "versions": versions(),
    }
