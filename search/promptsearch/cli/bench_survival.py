"""`promptsearch bench kills` and `promptsearch bench workers`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from promptsearch.cli import options, screen
from promptsearch.cli.command_line import command_line
from promptsearch.cli.options import value
from promptsearch.cli.shared_options import deliver

Given = Annotated[
    list[str] | None,
    typer.Argument(metavar="[-- OPTIONS]", help="Of discover, after two dashes.", show_default=False),
]
_KILLED = ("--task", "reviews", "--plm", "minilm-mlm", "--offline")
_FIXED = ("--task", "sst2", "--plm", "smollm2-135m", "--engine", "manual", "--max-test", "50")


def kills(
    given: Given = None,
    number: Annotated[
        int, value("--kills", metavar="N", min=1, help="How often it is killed.", default=True)
    ] = 30,
    minutes: Annotated[
        float, value("--minutes", metavar="N", help="The search's budget.", default=True)
    ] = 4.0,
    longest: Annotated[
        float, value("--longest", metavar="N", help="Seconds a sitting gets at most.", default=True)
    ] = 8.0,
    seed: Annotated[int, value("--seed", metavar="N", help="Fixes when it is killed.", default=True)] = 0,
) -> None:
    """Kill a search again and again, go on each time, and print as JSON what was lost.

    By default the bundled film reviews on minilm-mlm.
    """
    from promptsearch.bench.kills import run

    with tempfile.TemporaryDirectory(prefix="promptsearch-bench-") as place:
        found = run(given or _KILLED, Path(place) / "run", number, minutes, seed, longest)
    screen.print_json({**found.record(), "sound": found.sound})
    if not found.sound:
        raise typer.Exit(1)


def workers(
    given: Given = None,
    number: Annotated[int, value("--workers", metavar="N", min=2, help="Processes.", default=True)] = 2,
    repeats: Annotated[
        int, value("--repeats", metavar="N", min=1, help="Searches of each kind, in turn.", default=True)
    ] = 3,
    out: options.Tables = None,
    json: options.Json = False,
) -> None:
    """Measure how much faster several processes of one thread are than one.

    By default on the hand-written templates of SST-2 on SmolLM2, with an empty cache each time.
    """
    from promptsearch.bench.workers import markdown, run

    bench = run(given or _FIXED, number, repeats, command_line())
    deliver(markdown(bench), bench.record(), json, out)
