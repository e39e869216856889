"""What `promptsearch mine` mines for: a task, a relation of it, or pairs of one's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptsearch.errors import DataError, OptionError, TaskError

if TYPE_CHECKING:
    from promptsearch.engines.mining.config import MiningConfig
    from promptsearch.study.config import DiscoverConfig
    from promptsearch.study.observer import Observer
    from promptsearch.tasks.task import Task


def check(
    task: str | None,
    relation: str | None,
    data: Path | None,
    pairs: Path | None,
    scheduler: str | None,
    checkpoint: Path | None,
    no_plm: bool,
    plm: list[str] | None,
) -> None:
    """Raises OptionError where options do not go together."""
    if pairs is not None and (task is not None or data is not None):
        raise OptionError(
            "--pairs is a task of its own, and --task or --data another one", hint="Leave one of them out."
        )
    if relation is not None and task is None and data is None and pairs is None:
        raise OptionError(
            f"--relation {relation} is a relation of nothing",
            hint=f"Name where its pairs are: --task facts --relation {relation}, or --pairs FILE.",
        )
    if task is None and data is None and pairs is None:
        raise OptionError(
            "nothing to mine for: neither a task nor pairs were given",
            hint="For example --task facts --relation P19, --task sst2, or --pairs FILE.",
        )
    if scheduler is not None and checkpoint is not None:
        raise OptionError(
            "a checkpoint cannot be kept of work on a cluster",
            hint="Leave --checkpoint or --scheduler out; a cluster repeats what a lost worker had done.",
        )
    if no_plm and plm:
        raise OptionError("--no-plm and --plm contradict each other", hint="Leave one of them out.")


def source(
    task: str | None,
    relation: str | None,
    data: Path | None,
    mapping: str | None,
    kind: str | None,
    pairs: Path | None,
    mining: MiningConfig,
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Where the task comes from, as fields of `DiscoverConfig`, and what to tell of it."""
    if pairs is not None:
        from promptsearch.study.own_pairs import own_pairs

        own = own_pairs(pairs, relation, mapping, mining.words)
        return {"task": own.name, "data": own.rows, "kind": "fact"}, own.notices
    given = {"task": task, "data": data, "mapping": mapping, "kind": kind}
    if relation is not None:
        given["task"] = _with_relation(task, data, relation)
    return given, ()


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
        DataError: of its facts none can be mined with, or the corpus is missing or empty.
    """
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
    corpus = corpus_of(task, replace(config.mining, own_texts=False))
    if corpus.size == 0:
        raise DataError(
            "the corpus is empty",
            where=", ".join(source.name for source in corpus.sources),
            hint="Give files that hold text with --corpus, or leave it out for the bundled text.",
        )
    return task
