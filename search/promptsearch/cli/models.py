"""`promptsearch models list`, `get` and `show`."""

from __future__ import annotations

import json as json_format
from dataclasses import asdict
from typing import Annotated

import typer

from promptsearch.cli import options, screen

app = typer.Typer(help="Pretrained language models: what is here, what can be fetched.", no_args_is_help=True)

Reference = Annotated[
    str,
    typer.Argument(
        help="minilm-mlm, smollm2-135m, owner/name, owner/name@revision or ./folder.",
        show_default=False,
    ),
]


@app.command("list")
def list_models(json: options.Json = False) -> None:
    """List the PLMs that have a name, and those on this machine."""
    from rich.table import Table
    from rich.text import Text

    from promptsearch.plms import sources

    rows = sources.list_models()
    if json:
        print(json_format.dumps([asdict(row) for row in rows], indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("PLM", "family", "weights", "on disk", "here", "what"):
        table.add_column(title, overflow="fold", no_wrap=title in ("PLM", "here"))
    for row in rows:
        table.add_row(
            Text(row.reference),
            row.family or "?",
            _millions(row.parameters),
            _megabytes(row.size),
            "yes" if row.present else "no",
            Text(f"{row.description} ({row.licence})" if row.licence else row.description),
        )
    screen.stdout().print(table)
    screen.stdout().print(
        "\nFetch one: promptsearch models get smollm2-135m\n"
        "Any masked, causal or sequence-to-sequence model of the hub: owner/name."
    )


@app.command("get")
def get(reference: Reference, quiet: options.Quiet = False) -> None:
    """Fetch a PLM, so that it is on this machine. Does nothing when it is."""
    from promptsearch.plms import sources

    with screen.watching(quiet) as observer:
        checkpoint = sources.fetch(reference, observer.stage)
    screen.stdout().print(f"{checkpoint.reference} is in {checkpoint.folder}", markup=False, soft_wrap=True)


@app.command("show")
def show(reference: Reference, json: options.Json = False) -> None:
    """Show what is known about one PLM."""
    from rich.table import Table
    from rich.text import Text

    from promptsearch.plms import sources

    details = sources.show(reference)
    if json:
        print(json_format.dumps(details, indent=2, default=str))
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in details.items():
        if value is not None:
            shown = (
                _megabytes(value)
                if name in ("size", "download")
                else f"{value:,}"
                if isinstance(value, int) and not isinstance(value, bool)
                else value
            )
            grid.add_row(name.replace("_", " "), Text(str(shown)))
    screen.stdout().print(grid)


def _millions(value: int | None) -> str:
    return "?" if value is None else f"{value / 1e6:,.0f} M"


def _megabytes(value: int | None) -> str:
    return "?" if value is None else f"{value / 1e6:,.0f} MB"
