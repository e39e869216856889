"""`promptsearch bench mining`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from promptsearch.cli import options, screen
from promptsearch.cli.command_line import command_line
from promptsearch.cli.options import value
from promptsearch.cli.shared_options import deliver


def command(
    corpus: Annotated[
        Path | None, value("--corpus", metavar="FILE", help="The text: a file, folder or glob.")
    ] = None,
    task: Annotated[
        str | None,
        value(
            "--task", "-t", metavar="NAME", help="Whose facts to look for in it, of all relations, as lama."
        ),
    ] = None,
    sentences: Annotated[
        int,
        value("--sentences", metavar="N", min=100, help="Of the made-up text.", default=True),
    ] = 150_000,
    passes: Annotated[
        int, value("--passes", metavar="N", min=1, help="Timed passes of each way.", default=True)
    ] = 3,
    times: Annotated[
        int,
        value("--times", metavar="N", min=2, max=100, help="Size of the large text, in texts.", default=True),
    ] = 10,
    with_dask: Annotated[
        bool, typer.Option("--with-dask/--no-dask", help="Also on Dask, where it is installed.")
    ] = True,
    out: options.Tables = None,
    no_stand_in: options.NoStandIn = False,
    offline: options.Offline = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Find pairs in a text and in a larger one: speed, memory, and the same beside Dask and the obvious way.

    Without --corpus and --task: a made-up text with made-up facts.
    """
    from promptsearch.bench.mining import MiningBenchConfig, run
    from promptsearch.bench.mining_render import markdown

    config = MiningBenchConfig(
        corpus=corpus,
        task=task,
        sentences=sentences,
        passes=passes,
        times=times,
        with_dask=with_dask,
        stand_in=not no_stand_in,
        offline=offline,
        command=command_line(),
    )
    with screen.watching(quiet or json) as observer:
        bench = run(config, observer.stage, observer.notice)
    page = markdown(bench)
    deliver(page, bench.record(), json, out)
