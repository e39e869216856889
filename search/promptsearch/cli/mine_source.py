"""What `promptsearch mine` mines for: a task, a relation of it, or pairs of one's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptsearch.errors import OptionError, TaskError

if TYPE_CHECKING:
    from promptsearch.cli.mine_options import MineOptions
    from promptsearch.engines.mining.config import MiningConfig
    from promptsearch.study.config import DiscoverConfig
    from promptsearch.study.observer import Observer
    from promptsearch.tasks.task import Task


def source(options: MineOptions, mining: MiningConfig) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Where the task comes from, as fields of `DiscoverConfig`, and what to tell of it."""
    if options.pairs is not None:
        from promptsearch.study.own_pairs import own_pairs

        own = own_pairs(options.pairs, options.relation, options.mapping, mining.words)
        return {"task": own.name, "data": own.rows, "kind": "fact"}, own.notices
    task = options.task
    if options.relation is not None:
        task = _with_relation(task, options.data, options.relation)
    return {"task": task, "data": options.data, "mapping": options.mapping, "kind": options.kind}, ()


def _with_relation(task: str | None, data: Path | None, relation: str) -> str:
    """The task's name with its relation. Raises OptionError where it names another one already."""
    from promptsearch.tasks.catalogue import split_relation

    name = task or (data.name.removesuffix(".gz").rsplit(".", 1)[0] if data is not None else "")
    base, already = split_relation(name)
    if already not in (None, relation):
        raise OptionError(
            f"--task {name} names a relation, and --relation another one", hint="Leave one of them out."
        )
    return f"{base}:{relation}"


def loaded(config: DiscoverConfig, relation: str | None, told: tuple[str, ...], observer: Observer) -> Task:
    """The task, looked at before any work begins.

    Raises:
        TaskError: it is none of facts, and a relation was given.
        DataError: of its facts none can be mined with, or the corpus is missing or holds no text.
    """
    from promptsearch.corpus.blank import check_text
    from promptsearch.engines.mining.mining import corpus_of
    from promptsearch.study.mining_only import check_facts
    from promptsearch.study.setup import load_source

    for notice in told:
        observer.notice(notice)
    task = load_source(config)
    if task.kind == "fact":
        check_facts(task, config.mining.words)
    elif relation is not None:
        raise TaskError(
            f"{task.stand_in_for or task.name} is a task of kind {task.kind}; only facts have relations",
            hint=f"Leave --relation out, or name a task of facts: --task facts --relation {relation}.",
        )
    check_text(corpus_of(task, replace(config.mining, own_texts=False)))
    return task
