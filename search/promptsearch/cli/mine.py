"""`promptsearch mine`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from promptsearch.cli import options, screen
from promptsearch.cli.options import flag, value
from promptsearch.errors import DataError, OptionError, TaskError

if TYPE_CHECKING:
    from promptsearch.engines.mining.config import MiningConfig
    from promptsearch.study.config import DiscoverConfig

_SHOWN = 20


def command(
    task: options.Task = None,
    relation: Annotated[
        str | None,
        value("--relation", metavar="NAME", help="For facts, the relation, as P19 (place of birth)."),
    ] = None,
    data: options.Data = None,
    mapping: options.Map = None,
    kind: options.Kind = None,
    pairs: Annotated[
        Path | None,
        value(
            "--pairs",
            metavar="FILE",
            help="Your own pairs: a csv, tsv, jsonl or parquet file with columns subject and object (or x "
            "and y), and if you like relation and aliases.",
        ),
    ] = None,
    corpus: options.Corpus = None,
    column: Annotated[
        str | None,
        value("--column", metavar="NAME", help="The field or column that holds the text (default: text)."),
    ] = None,
    sentences: Annotated[
        Literal["auto", "punkt", "rules", "none"],
        value(
            "--sentences",
            metavar="NAME",
            help="How text becomes sentences: auto, punkt (NLTK's model), rules, or none, a line each.",
            default=True,
        ),
    ] = "auto",
    between: Annotated[
        int,
        value("--between", metavar="N", min=1, help="Words that may stand between the two.", default=True),
    ] = 8,
    min_support: Annotated[
        int,
        value(
            "--min-support",
            metavar="N",
            min=1,
            help="Distinct pairs that a template must be found with.",
            default=True,
        ),
    ] = 2,
    top: Annotated[
        int | None,
        value(
            "--top",
            metavar="N",
            min=1,
            help="Templates that a PLM reads (default: 60); with --no-plm, that are shown (default: 20).",
        ),
    ] = None,
    case_sensitive: Annotated[bool, flag("--case-sensitive", help="Names must be in the same case.")] = False,
    keep_accents: Annotated[bool, flag("--keep-accents", help="Names must have the same accents.")] = False,
    miner: Annotated[
        list[str] | None,
        value(
            "--miner",
            metavar="NAME",
            help="middle (words between the two) or dependency (words of the path in a parse; needs spaCy); "
            "repeat for both (default: middle).",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        value("--workers", metavar="N", min=1, help="Processes that count (default: one for each core)."),
    ] = None,
    scheduler: Annotated[
        str | None,
        value("--scheduler", metavar="URL", help="A Dask scheduler that counts, as tcp://host:8786."),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        value(
            "--checkpoint",
            metavar="FILE",
            help="Where to keep how far counting is (default: the cache folder, if it takes long).",
        ),
    ] = None,
    max_memory_entries: Annotated[
        int,
        value(
            "--max-memory-entries",
            metavar="N",
            min=1000,
            help="Places held in memory; beyond, the rarest are dropped and the error bound is told.",
            default=True,
        ),
    ] = 400_000,
    plm: Annotated[
        list[str] | None,
        value(
            "--plm",
            metavar="NAME",
            help="A PLM that ranks what was mined; repeat for several (default: minilm-mlm).",
        ),
    ] = None,
    no_plm: Annotated[bool, flag("--no-plm", help="Only mine: no PLM is loaded.")] = False,
    shots: Annotated[
        str,
        value("--shots", metavar="N", help="Labelled examples a class; or all.", default=True),
    ] = "all",
    seed: options.Seed = 0,
    max_test: options.MaxTest = None,
    out: options.Out = None,
    device: options.Device = "auto",
    dtype: options.Dtype = "auto",
    no_stand_in: options.NoStandIn = False,
    offline: options.Offline = False,
    trust_remote_code: options.TrustRemoteCode = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Find templates in text: the words that stand between the two sides of a relation's pairs, or, for
    classification, the clauses that stand around label words. A PLM then ranks them.

    Ctrl-C keeps what has been counted; the same command then goes on.
    """
    from promptsearch.engines.mining.config import Miner, MiningConfig
    from promptsearch.study.config import DiscoverConfig

    _check(task, relation, data, pairs, scheduler, checkpoint, no_plm, plm)
    mining = MiningConfig(
        corpora=tuple(corpus or ()),
        column=column,
        sentences=sentences,
        miners=cast("tuple[Miner, ...]", tuple(miner or ("middle",))),
        between=between,
        least=min_support,
        fold_case=not case_sensitive,
        fold_accents=not keep_accents,
        most=max_memory_entries,
        workers=workers,
        scheduler=scheduler,
        checkpoint=checkpoint,
        **({} if top is None else {"read": top}),
    )
    source, told = _source(task, relation, data, mapping, kind, pairs, mining)
    config = DiscoverConfig(
        **source,
        plms=list(plm or ("minilm-mlm",)),
        shots=options.parse_shots(shots),
        seed=seed,
        engines=("manual", "mining"),
        mining=mining,
        ensemble=True,
        max_test=max_test,
        stand_in=not no_stand_in,
        offline=offline,
        device=device,
        dtype=dtype,
        trust_remote_code=trust_remote_code,
        out=out,
        command=shlex.join(["promptsearch", *sys.argv[1:]]),
    )
    try:
        interrupted = _run(config, told, None if not no_plm else top or _SHOWN, json, quiet)
    except KeyboardInterrupt:
        interrupted = True
    if interrupted:
        if not quiet:
            screen.show_notice(_after_a_stop(mining))
        raise typer.Exit(130)


def _check(
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


def _source(
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
    """The task's name with its relation.

    Raises:
        OptionError: it names another relation already.
        TaskError: it is known to be no task of facts.
    """
    from promptsearch.tasks.catalogue import known_task, split_relation

    name = task or (data.name.removesuffix(".gz").rsplit(".", 1)[0] if data is not None else "")
    base, already = split_relation(name)
    if already not in (None, relation):
        raise OptionError(
            f"--task {name} names a relation, and --relation another one", hint="Leave one of them out."
        )
    known = known_task(base)
    if known is not None and known.kind != "fact":
        raise TaskError(
            f"{base} is a task of kind {known.kind}; only facts have relations",
            hint=f"Leave --relation out, or name a task of facts: --task facts --relation {relation}.",
        )
    return f"{base}:{relation}"


def _run(config: DiscoverConfig, told: tuple[str, ...], shown: int | None, json: bool, quiet: bool) -> bool:
    """Mine and show; whether it was stopped by the user.

    Args:
        shown: templates to show where no PLM ranks them.
    """
    from promptsearch.cli.mine_output import show_mined, show_searched

    with screen.watching(quiet or json) as observer:
        for notice in told:
            observer.notice(notice)
        if config.data is not None:
            _check_facts(config)
        if shown is not None:
            from promptsearch.study.mining_only import run

            found = run(config, observer)
        else:
            from promptsearch.study.discover import run as search

            searched = search(config, observer)
    if shown is not None:
        show_mined(found, told, shown, json)
        return False
    show_searched(searched, told, json)
    return searched.interrupted


def _check_facts(config: DiscoverConfig) -> None:
    """Raises DataError where own data are facts of which none can be mined with."""
    from promptsearch.engines.mining.pairs import Fact, Pairs
    from promptsearch.study.mining_only import mining_task
    from promptsearch.study.setup import load_source
    from promptsearch.tasks.facts import facts_of

    task = load_source(config)
    if task.kind != "fact":
        return
    facts = [Fact(triple.subject, triple.object) for triple in facts_of(mining_task(task))]
    pairs = Pairs.of([("", facts)], config.mining.words)
    if not pairs.relations[""]:
        raise DataError(
            "no pair can be mined with",
            where=task.source.location or task.name,
            hint=" ".join((*pairs.notices, "A pair is two different names, each with a letter or digit.")),
        )


def _after_a_stop(mining: MiningConfig) -> str:
    if mining.scheduler is not None:
        return "Nothing is kept of work on a cluster: the same command begins anew."
    return "The same command goes on from here: what has been counted is kept."
