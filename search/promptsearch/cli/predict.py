"""`promptsearch predict` and `promptsearch evaluate`."""

from __future__ import annotations

import json as json_format
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promptsearch.cli import options, screen

if TYPE_CHECKING:
    from promptsearch.prompt import Prediction, Prompt

Text = str | Mapping[str, object]

# Texts read and predicted together, so that output streams and memory stays flat.
_CHUNK = 256

PromptFile = Annotated[
    Path, typer.Argument(help="A prompt file, such as best_prompt.json.", show_default=False)
]


def predict(
    prompt_file: PromptFile,
    texts: Annotated[
        list[str] | None, typer.Argument(help="Texts; without any, lines of stdin.", show_default=False)
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            "-f",
            help="Texts from a file: one a line, or csv, tsv, jsonl, parquet by column.",
            show_default=False,
        ),
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(
            "--field", help="A field of one text, as text_a='…'; repeat for each field.", show_default=False
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
    from promptsearch.prompt import load_prompt

    prompt = load_prompt(prompt_file, device=device, offline=offline, trust_remote_code=trust_remote_code)
    if not quiet and not texts and not file and not field and sys.stdin.isatty():
        screen.show_notice("reading texts from the keyboard, one a line; Ctrl-D ends.")
    shortened = 0
    for chunk, predictions in _predictions(prompt, _texts(prompt, texts, file, field, mapping)):
        for text, prediction in zip(chunk, predictions):
            shortened += prediction.shortened
            print(_json_line(prediction) if json else _line(text, prediction))
        sys.stdout.flush()
    if shortened and not quiet:
        screen.show_notice(f"{shortened} texts were shortened to fit the PLM.")


def evaluate(
    prompt_file: PromptFile,
    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            "-t",
            help="A known task, or a name for --data. [default: the prompt's own]",
            show_default=False,
        ),
    ] = None,
    data: options.Data = None,
    mapping: options.Map = None,
    split: Annotated[str, typer.Option("--split", help="train, dev or test.")] = "test",
    max_test: Annotated[
        int | None,
        typer.Option("--max-test", min=1, help="Score at most so many examples.", show_default=False),
    ] = None,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    no_stand_in: options.NoStandIn = False,
    offline: options.Offline = False,
    trust_remote_code: options.TrustRemoteCode = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Score a prompt on a task's labelled examples."""
    from promptsearch.errors import OptionError
    from promptsearch.prompt import load_prompt
    from promptsearch.study.evaluating import evaluate_prompt
    from promptsearch.tasks import draw_splits, load_task

    if split not in ("train", "dev", "test"):
        raise OptionError(f"there is no split {split!r}", hint="Splits: train, dev, test.")
    prompt = load_prompt(prompt_file, device=device, offline=offline, trust_remote_code=trust_remote_code)
    of_prompt = prompt.document.task
    name = task or (of_prompt.name if of_prompt and data is None else None)
    loaded = load_task(name, data=data, mapping=mapping, stand_in=not no_stand_in, offline=offline)
    drawn = draw_splits(loaded, shots=None, seed=seed, max_test=max_test)
    with screen.watching(quiet or json) as observer:
        for notice in drawn.notices:
            observer.notice(notice)
        observer.stage(f"Loading {prompt.document.plm.reference}")
        prompt.plm.watch(observer.advance)
        found = evaluate_prompt(prompt, drawn, split)
    if json:
        print(json_format.dumps(found.record(), indent=2))
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
        screen.show_notice(f"{found.shortened} of {found.prompt.n} texts were shortened to fit the PLM.")


def _predictions(prompt: Prompt, texts: Iterable[Text]) -> Iterator[tuple[list[Text], list[Prediction]]]:
    source = iter(texts)
    # The first one alone where texts come one by one from a person or a pipe.
    while chunk := list(islice(source, _CHUNK)):
        yield chunk, prompt.predict(chunk)


def _texts(
    prompt: Prompt, texts: list[str] | None, file: Path | None, field: list[str] | None, mapping: str | None
) -> Iterable[Text]:
    from promptsearch.errors import OptionError

    if sum(map(bool, (texts, file, field))) > 1:
        raise OptionError("texts, --file and --field were given together", hint="Give one of them.")
    if field:
        return [dict(_field(entry) for entry in field)]
    if texts:
        return texts
    if file is not None:
        return _file_texts(prompt, file, mapping)
    return (_stdin_text(line.rstrip("\r\n"), prompt) for line in sys.stdin)


def _stdin_text(line: str, prompt: Prompt) -> Text:
    """A line of stdin: plain text for one field, a JSON object for several."""
    if len(prompt.fields) == 1:
        return line
    from promptsearch.errors import DataError

    try:
        value = json_format.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise DataError(
            f"the prompt reads {len(prompt.fields)} fields, so a line must be a JSON object",
            where=line[:80],
            hint="For example {" + ", ".join(f'"{name}": "…"' for name in prompt.fields) + "}.",
        )
    return value


def _file_texts(prompt: Prompt, file: Path, mapping: str | None) -> Iterable[Text]:
    from promptsearch.errors import DataError
    from promptsearch.tasks import parse_mapping, read_rows
    from promptsearch.tasks.readers import data_suffix, read_text

    if data_suffix(file) is None:
        if len(prompt.fields) > 1:
            raise DataError(
                f"the prompt reads {len(prompt.fields)} fields, a plain text file gives one", where=str(file)
            )
        return read_text(file).rstrip("\n").split("\n")
    columns = parse_mapping(mapping) if mapping else {}
    wanted = {name: columns.get(name, name) for name in prompt.fields}
    return [
        {name: row.get(column) for name, column in wanted.items() if column in row} for row in read_rows(file)
    ]


def _field(entry: str) -> tuple[str, str]:
    from promptsearch.errors import OptionError

    name, equals, value = entry.partition("=")
    if not equals:
        raise OptionError(
            f"--field {entry!r} is not NAME=TEXT", hint="For example --field text_a='It rains.'"
        )
    return name.strip(), value


def _line(text: Text, prediction: Prediction) -> str:
    shown = text if isinstance(text, str) else json_format.dumps(text, ensure_ascii=False)
    best = max(prediction.probabilities.values()) if prediction.label is not None else float("nan")
    label = "(not scored)" if prediction.label is None else str(prediction.label)
    return f"{label}\t{best:.3f}\t{' '.join(shown.split())}"


def _json_line(prediction: Prediction) -> str:
    scored = prediction.label is not None
    record = {
        "label": prediction.label,
        "probabilities": {name: round(p, 6) for name, p in prediction.probabilities.items()}
        if scored
        else None,
        "shortened": prediction.shortened,
    }
    return json_format.dumps(record, ensure_ascii=False)
