"""`promptsearch predict` and `promptsearch evaluate`."""

from __future__ import annotations

import json as json_format
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promptsearch.cli import options, screen, texts
from promptsearch.cli.labelled import Wanted, seen_in_search, splits_for
from promptsearch.showing import count, printable

if TYPE_CHECKING:
    from promptsearch.predicting import Prediction, Predictor

# Texts read and predicted together, so that output streams and memory stays flat.
_CHUNK = 256

PromptFile = Annotated[
    Path,
    typer.Argument(help="A prompt file, such as best_prompt.json, or an ensemble file.", show_default=False),
]


def predict(
    prompt_file: PromptFile,
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


def evaluate(
    prompt_file: PromptFile,
    task: options.Task = None,
    data: options.Data = None,
    mapping: options.Map = None,
    metric: Annotated[
        str | None,
        options.value(
            "--metric", metavar="NAME", help="accuracy, macro-f1 or mcc (default: as for the search)."
        ),
    ] = None,
    split: Annotated[
        str, options.value("--split", metavar="NAME", help="train, dev or test.", default=True)
    ] = "test",
    max_test: options.MaxTest = None,
    seed: Annotated[
        int | None,
        options.value(
            "--seed", metavar="N", help="Fixes which examples are drawn (default: as for the search)."
        ),
    ] = None,
    device: options.Device = "auto",
    no_stand_in: options.NoStandIn = False,
    offline: options.Offline = False,
    trust_remote_code: options.TrustRemoteCode = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Score a prompt on labelled examples: of --task, of --data, else of the known task it was found on."""
    from promptsearch.compose import load_prompt_or_ensemble
    from promptsearch.study.evaluating import evaluate_prompt

    wanted = Wanted(
        split, task, data, mapping, seed=seed, max_test=max_test, stand_in=not no_stand_in, offline=offline
    )
    wanted.check_split("train", "dev", "test")
    prompt = load_prompt_or_ensemble(
        prompt_file, device=device, offline=offline, trust_remote_code=trust_remote_code
    )
    drawn, [searched] = splits_for([prompt], wanted)
    with screen.watching(quiet or json) as observer:
        for notice in drawn.notices:
            observer.notice(notice)
        observer.stage(f"Loading {', '.join(prompt.plm_references)}")
        for plm in prompt.plms:
            plm.watch(observer.advance)
        found = evaluate_prompt(prompt, drawn, split, metric=metric, searched=searched)
        if prompt.document.task is not None:
            observer.notice(seen_in_search(found))
    if json:
        screen.print_json(found.record())
        return
    from promptsearch.report.rows import figure

    console = screen.stdout()
    console.print(f"{drawn.name}, {split}: {found.metric} {figure(found.prompt, found.metric)}", markup=False)
    console.print(f"majority class: {figure(found.majority, found.metric)}", markup=False)
    console.print(
        f"macro-F1 {100 * found.prompt.macro_f1:.1f}, MCC {found.prompt.mcc:.3f}, "
        f"log-likelihood {found.prompt.log_likelihood:.3f}, calibration error {found.prompt.ece:.3f}"
    )
    if found.shortened and not quiet:
        of = count(found.prompt.n, "text")
        screen.show_notice(f"{found.shortened:,} of {of} shortened to fit the PLM.")


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
