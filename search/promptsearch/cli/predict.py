"""`promptsearch predict`."""

from __future__ import annotations

import json as json_format
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promptsearch.cli import options, screen, texts
from promptsearch.showing import count, printable

if TYPE_CHECKING:
    from promptsearch.predicting import Prediction, Predictor

# Texts read and predicted together, so that output streams and memory stays flat.
_CHUNK = 256


def command(
    prompt_file: options.PromptFile,
    text: Annotated[
        list[str] | None,
        typer.Argument(help="Texts; without any, lines of stdin.", show_default=False),
    ] = None,
    file: Annotated[
        Path | None,
        options.value(
            "--file",
            "-f",
            metavar="FILE",
            help="Texts from a file: one a line, or csv, tsv, jsonl, parquet by column.",
        ),
    ] = None,
    field: Annotated[
        list[str] | None,
        options.value(
            "--field",
            metavar="NAME=TEXT",
            help="A field of one text, as text_a='…'; repeat for each field.",
        ),
    ] = None,
    mapping: options.Map = None,
    device: options.Device = "auto",
    offline: options.Offline = False,
    trust_remote_code: options.TrustRemoteCode = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Predict labels with a prompt that was found: one line a text, label and probability first."""
    from promptsearch.compose import load_prompt_or_ensemble

    prompt = load_prompt_or_ensemble(
        prompt_file, device=device, offline=offline, trust_remote_code=trust_remote_code
    )
    source = _texts(prompt, text, file, field, mapping)
    by_hand = not (text or file or field) and sys.stdin.isatty()
    if quiet:
        screen.hush()
    elif by_hand:
        screen.show_notice("reading texts from the keyboard, one a line; Ctrl-D ends.")
    shortened = 0
    for chunk in texts.in_chunks(source, 1 if by_hand else _CHUNK):
        for one, prediction in zip(chunk, prompt.predict(chunk)):
            shortened += prediction.shortened
            if json:
                screen.print_json(_record(prediction), indent=None)
            else:
                print(_line(one, prediction))
        sys.stdout.flush()
    if shortened and not quiet:
        screen.show_notice(f"{count(shortened, 'text')} shortened to fit the PLM.")


def _texts(
    prompt: Predictor,
    given: list[str] | None,
    file: Path | None,
    field: list[str] | None,
    mapping: str | None,
) -> Iterable[texts.Text]:
    from promptsearch.errors import OptionError

    if sum(map(bool, (given, file, field))) > 1:
        raise OptionError("texts, --file and --field were given together", hint="Give one of them.")
    if mapping and not file:
        raise OptionError("--map names columns of a file, but no --file was given")
    if field:
        return texts.from_fields(field)
    if file is not None:
        return texts.at_least_one(texts.from_file(file, prompt.fields, mapping), str(file))
    return given or texts.at_least_one(texts.from_stdin(prompt.fields), "stdin")


def _line(text: texts.Text, prediction: Prediction) -> str:
    shown = text if isinstance(text, str) else json_format.dumps(text, ensure_ascii=False)
    best = max(prediction.probabilities.values()) if prediction.label is not None else float("nan")
    label = "(not scored)" if prediction.label is None else str(prediction.label)
    return "\t".join(printable(" ".join(part.split())) for part in (label, f"{best:.3f}", shown))


def _record(prediction: Prediction) -> dict[str, object]:
    scored = prediction.label is not None
    return {
        "label": prediction.label,
        "probabilities": {name: round(p, 6) for name, p in prediction.probabilities.items()}
        if scored
        else None,
        "shortened": prediction.shortened,
    }
