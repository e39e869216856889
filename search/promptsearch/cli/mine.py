"""`promptsearch mine`."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from promptsearch.cli import mine_source, options, screen
from promptsearch.cli.options import flag, value

if TYPE_CHECKING:
    from promptsearch.engines.mining.config import MiningConfig
    from promptsearch.study.config import DiscoverConfig
    from promptsearch.study.mining_only import MinedOnly
    from promptsearch.study.observer import Observer
    from promptsearch.study.result import Discovery

_SHOWN = 20
_SHOTS = 16


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
        int | None,
        value(
            "--min-support",
            metavar="N",
            min=1,
            help="Distinct pairs that a template must be found with (default: 2, or 1 where that gives a PLM "
            "too few to read).",
        ),
    ] = None,
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
    ] = 250_000,
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
        str | None,
        value(
            "--shots",
            metavar="N",
            help="Labelled examples a class for train, and for dev alike; or all (default: all for facts, "
            "else 16).",
        ),
    ] = None,
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

    mine_source.check(task, relation, data, pairs, scheduler, checkpoint, no_plm, plm)
    mining = MiningConfig(
        corpora=tuple(corpus or ()),
        column=column,
        sentences=sentences,
        miners=cast("tuple[Miner, ...]", tuple(miner or ("middle",))),
        between=between,
        least=2 if no_plm and min_support is None else min_support,
        fold_case=not case_sensitive,
        fold_accents=not keep_accents,
        most=max_memory_entries,
        workers=workers,
        scheduler=scheduler,
        checkpoint=checkpoint,
        read=top or MiningConfig.read,
    )
    source, told = mine_source.source(task, relation, data, mapping, kind, pairs, mining)
    config = DiscoverConfig(
        **source,
        plms=list(plm or ("minilm-mlm",)),
        shots=None if shots is None else options.parse_shots(shots),
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
    shown = (top or _SHOWN) if no_plm else None
    try:
        with screen.watching(quiet or json) as observer:
            loaded = mine_source.loaded(config, relation, told, observer)
            if shots is None and loaded.kind != "fact":
                config = replace(config, shots=_SHOTS)
            found = _mined(config, shown, observer)
        interrupted = _show(found, told, shown or _SHOWN, json)
    except KeyboardInterrupt:
        interrupted = True
    if interrupted:
        if not quiet:
            screen.show_notice(_after_a_stop(mining))
        raise typer.Exit(130)


def _mined(config: DiscoverConfig, shown: int | None, observer: Observer) -> MinedOnly | Discovery:
    """What was mined; ranked by PLMs unless a number to be shown is given."""
    if shown is not None:
        from promptsearch.study.mining_only import run

        return run(config, observer)
    from promptsearch.study.discover import run as search

    return search(config, observer)


def _show(found: MinedOnly | Discovery, told: tuple[str, ...], most: int, json: bool) -> bool:
    """Show what was found; whether the user has stopped the search."""
    from promptsearch.cli.mine_output import show_mined, show_searched
    from promptsearch.study.mining_only import MinedOnly

    if isinstance(found, MinedOnly):
        show_mined(found, told, most, json)
        return False
    show_searched(found, told, json)
    return found.interrupted


def _after_a_stop(mining: MiningConfig) -> str:
    if mining.scheduler is not None:
        return "Nothing is kept of work on a cluster: the same command begins anew."
    return "The same command goes on from here: unfinished counts and answer states are kept."
