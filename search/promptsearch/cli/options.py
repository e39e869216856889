"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Your own data: a csv, tsv, jsonl or parquet file (or .gz), or a folder.",
        show_default=False,
    ),
]
Map = Annotated[
    str | None,
    typer.Option("--map", help="Which columns are which, as text=review,label=stars.", show_default=False),
]
Seed = Annotated[int, typer.Option("--seed", help="Fixes which examples are drawn.")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1 or mps.")]
Dtype = Annotated[
    str,
    typer.Option(
        "--dtype", help="auto (bfloat16 where the device is faster with it), float32, bfloat16, float16."
    ),
]
Offline = Annotated[bool, typer.Option("--offline", help="Never touch the network.")]
TrustRemoteCode = Annotated[
    bool, typer.Option("--trust-remote-code", help="Run Python code that comes with a model from the hub.")
]
NoStandIn = Annotated[
    bool, typer.Option("--no-stand-in", help="Refuse to use a bundled sample where the data cannot be had.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No notices and no progress.")]


def parse_shots(value: str) -> int | None:
    """A number of examples a class, or `all` (None)."""
    if value == "all":
        return None
    if value.isascii() and value.isdigit() and int(value) >= 1:
        return int(value)
    from promptsearch.errors import OptionError

    raise OptionError(
        f"--shots must be a number of examples a class, or all, not {value!r}", hint="For example --shots 16."
    )
