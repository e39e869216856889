"""`promptsearch bench accuracy`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from promptsearch.cli import options, screen
from promptsearch.cli.command_line import command_line
from promptsearch.cli.options import value


def command(
    task: Annotated[
        str | None, value("--task", "-t", metavar="NAME", help="A known task, or a name for --data.")
    ] = None,
    data: options.Data = None,
    mapping: options.Map = None,
    plm: options.Measured = None,
    shots: Annotated[
        str, value("--shots", metavar="N|all", help="Labelled examples a class.", default=True)
    ] = "16",
    engine: Annotated[
        list[str] | None,
        value(
            "--engine",
            "-e",
            metavar="NAME",
            help="An engine; repeat for several (default: those of discover in so many minutes).",
        ),
    ] = None,
    seeds: options.Seeds = 5,
    out: Annotated[
        Path | None, value("--out", metavar="FILE", help="Also add the table to this Markdown file.")
    ] = None,
    minutes: options.Minutes = None,
    max_test: options.MaxTest = None,
    no_stand_in: options.NoStandIn = False,
    offline: options.Offline = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Run discover for several draws of the few-shot split, and report mean and spread on test."""
    from promptsearch.bench.accuracy import markdown, measure, record
    from promptsearch.paths import atomic_write
    from promptsearch.study.config import DEFAULT_PLMS, DiscoverConfig

    config = DiscoverConfig(
        task=task,
        data=data,
        mapping=mapping,
        plms=plm or DEFAULT_PLMS,
        shots=options.parse_shots(shots),
        engines=engine or (),
        minutes=minutes,
        max_test=max_test,
        stand_in=not no_stand_in,
        offline=offline,
    )
    with screen.watching(quiet or json) as observer:
        found = measure(config, range(seeds), observer)
    section = f"{markdown(found)}\nCommand: `{command_line()}`\n"
    if json:
        screen.print_json(record(found))
    else:
        print(section)
    if out is not None:
        before = out.read_text("utf-8") + "\n" if out.exists() else ""
        atomic_write(out, before + section)
