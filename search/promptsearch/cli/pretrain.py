"""`promptsearch pretrain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from promptsearch.cli import options, screen


def command(
    text: Annotated[
        list[Path],
        options.value(
            "--text",
            metavar="FILE",
            help="Plain text, one document a line (or .gz); repeat for several files.",
        ),
    ],
    out: Annotated[Path, options.value("--out", metavar="PATH", help="Folder for the trained model.")],
    start: Annotated[
        str,
        options.value(
            "--start", metavar="PLM", help="BERT to start from: a reference or a folder.", default=True
        ),
    ] = "minilm-embed",
    minutes: Annotated[
        float | None, options.value("--minutes", metavar="N", help="Training time (default: 30).")
    ] = None,
    steps: Annotated[
        int | None,
        options.value("--steps", metavar="N", help="Number of updates, instead of --minutes."),
    ] = None,
    held_out: Annotated[
        int,
        options.value(
            "--held-out",
            metavar="N",
            help="Sequences kept out of training to measure the loss on.",
            default=True,
        ),
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
