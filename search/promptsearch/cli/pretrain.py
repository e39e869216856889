"""`promptsearch pretrain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from promptsearch.cli import options, screen


def command(
    text: Annotated[
        list[Path],
        typer.Option("--text", help="Plain text, one document a line (or .gz); repeat for several files."),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the trained model.")],
    start: Annotated[
        str, typer.Option("--start", help="BERT to start from: a reference or a folder.")
    ] = "minilm-embed",
    minutes: Annotated[
        float | None, typer.Option("--minutes", help="Training time.", show_default=False)
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option("--steps", help="Number of updates, instead of --minutes.", show_default=False),
    ] = None,
    held_out: Annotated[
        int, typer.Option("--held-out", help="Sequences kept out of training to measure the loss on.")
    ] = 3000,
    seed: options.Seed = 0,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Train a small masked PLM from any text, by the recipe that made minilm-mlm.

    Ctrl-C saves the state; the same command goes on from it.
    """
    import json as json_format

    from promptsearch.plms.pretrain import PretrainConfig, pretrain, training_bar

    if minutes is None and steps is None:
        minutes = 30.0
    config = PretrainConfig(
        text=tuple(text), start=start, out=out, minutes=minutes, steps=steps, seed=seed, held_out=held_out
    )
    with training_bar() as report:
        result = pretrain(config, None if quiet else report, None if quiet or json else screen.show_notice)
    if json:
        print(json_format.dumps(result.record(), indent=2))
    else:
        screen.stdout().print(str(result), markup=False)
