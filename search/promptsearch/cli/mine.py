"""`promptsearch mine`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from promptsearch.cli import mine_source, screen
from promptsearch.cli.command_line import command_line
from promptsearch.cli.mine_options import MineOptions
from promptsearch.cli.taking import takes

if TYPE_CHECKING:
    from promptsearch.engines.mining.config import MiningConfig
    from promptsearch.study.config import DiscoverConfig
    from promptsearch.study.mining_only import MinedOnly
    from promptsearch.study.observer import Observer
    from promptsearch.study.result import Discovery

_SHOTS = 16


@takes(MineOptions)
def command(**given: Any) -> None:
    """Find templates in text: the words that stand between the two sides of a relation's pairs, or, for
    classification, the clauses that stand around label words. A PLM then ranks them.

    Ctrl-C keeps what has been counted; the same command then goes on.
    """
    options = MineOptions(**given)
    options.check()
    mining = options.mining()
    source, told = mine_source.source(options, mining)
    config = options.search(source, mining, command_line())
    try:
        interrupted = _run(options, config, told)
    except KeyboardInterrupt:
        interrupted = True
    if interrupted:
        if not options.quiet:
            screen.show_notice(_after_a_stop(mining))
        raise typer.Exit(130)


def _run(options: MineOptions, config: DiscoverConfig, told: tuple[str, ...]) -> bool:
    """Mine and show what was found; whether the user has stopped the search."""
    from promptsearch.engines.mining.running.automatic import keep_finished
    from promptsearch.study.mining_only import MinedOnly

    # Counts are kept until all is done: a PLM may take longer than counting did.
    with keep_finished() as kept:
        with screen.watching(options.quiet or options.json) as observer:
            task = mine_source.loaded(config, options.relation, told, observer)
            if options.shots is None and task.kind != "fact":
                config = replace(config, shots=_SHOTS)
            found = _mined(options, config, observer)
        interrupted = not isinstance(found, MinedOnly) and found.interrupted
        if not interrupted:
            kept.remove()
    _show(found, told, options)
    return interrupted


def _mined(options: MineOptions, config: DiscoverConfig, observer: Observer) -> MinedOnly | Discovery:
    """What was mined; ranked by PLMs unless none is wanted."""
    if options.no_plm:
        from promptsearch.study.mining_only import run

        return run(config, observer)
    from promptsearch.study.discover import run as search

    return search(config, observer)


def _show(found: MinedOnly | Discovery, told: tuple[str, ...], options: MineOptions) -> None:
    from promptsearch.cli.mine_output import show_mined, show_searched
    from promptsearch.study.mining_only import MinedOnly

    if isinstance(found, MinedOnly):
        show_mined(found, told, options.shown, options.json)
    else:
        show_searched(found, told, options)


def _after_a_stop(mining: MiningConfig) -> str:
    if mining.scheduler is not None:
        return "Nothing is kept of work on a cluster: the same command begins anew."
    return "The same command goes on from here: counts and answer states are kept."
