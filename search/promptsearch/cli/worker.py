"""`promptsearch worker`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from promptsearch.cli import options, screen


def command(
    storage: Annotated[
        str,
        options.value(
            "--storage",
            metavar="URL",
            help="Where the study is kept, as `discover --storage` was told.",
            envvar="PROMPTSEARCH_STORAGE",
        ),
    ],
    study: Annotated[
        str | None,
        options.value("--study", metavar="NAME", help="Which, where the storage holds several."),
    ] = None,
    threads: Annotated[
        int | None,
        options.value("--threads", metavar="N", min=1, help="Threads that it computes with (default: all)."),
    ] = None,
    parent: Annotated[int | None, typer.Option("--parent", hidden=True)] = None,
    quiet: options.Quiet = False,
) -> None:
    """Help a search that goes on elsewhere, until it is over.

    The data must lie at the same place as on the machine that began the search.
    """
    from promptsearch.showing import count
    from promptsearch.study.worker import work, work_when_told
    from promptsearch.study.workers import TOLD

    with screen.watching(quiet) as observer:
        if storage == TOLD:
            tried = work_when_told(sys.stdin, observer, threads, parent)
        else:
            tried = work(storage, observer, study, threads, parent)
    print(f"Tried {count(tried, 'template')}.")
