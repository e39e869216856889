"""`promptsearch`: one file a command, one place that turns errors into a panel and exit code 2."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from promptsearch.cli import (
    accuracy,
    bench,
    bench_mined,
    bench_mining,
    bench_soft,
    bench_strategies,
    bench_study,
    bench_survival,
    bench_trigger,
    bench_trigger_accuracy,
    bench_words,
    compare,
    dashboard,
    data,
    discover,
    evaluate,
    kb,
    mine,
    models,
    options,
    predict,
    pretrain,
    report,
    runs,
    schema,
    screen,
    trigger,
    tune,
    words,
    worker,
)
from promptsearch.errors import PromptSearchError

_INTERRUPTED = 130  # what typer makes of Ctrl-C

app = typer.Typer(
    name="promptsearch",
    help="Find the prompt (template, label words, language model) under which a labelled task is "
    "solved best, without training the model.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("discover")(discover.command)
app.command("mine")(mine.command)
app.command("words")(words.command)
app.command("trigger")(trigger.command)
app.command("tune")(tune.command)
app.command("compare")(compare.command)
app.command("runs")(runs.command)
app.command("report")(report.command)
app.command("worker")(worker.command)
app.command("dashboard")(dashboard.command)
app.command("predict")(predict.command)
app.command("evaluate")(evaluate.command)
app.add_typer(data.app, name="tasks")
app.add_typer(models.app, name="models")
app.add_typer(kb.app, name="kb")
app.command("schema")(schema.command)
app.command("pretrain")(pretrain.command)
bench.app.command("accuracy")(accuracy.command)
bench.app.command("words")(bench_words.command)
bench.app.command("mining")(bench_mining.command)
bench.app.command("mined")(bench_mined.command)
bench.app.command("study")(bench_study.study)
bench.app.command("racing")(bench_study.racing)
bench.app.command("trigger")(bench_trigger.trigger)
bench.app.command("trigger-accuracy")(bench_trigger_accuracy.trigger_accuracy)
bench.app.command("trigger-kills")(bench_trigger.trigger_kills)
bench.app.command("soft")(bench_soft.soft)
bench.app.command("strategies")(bench_strategies.strategies)
bench.app.command("kills")(bench_survival.kills)
bench.app.command("workers")(bench_survival.workers)
app.add_typer(bench.app, name="bench")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"promptsearch {version('promptsearch')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", metavar="", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
    debug: Annotated[bool, options.flag("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    screen.show_warnings(debug)


def main() -> None:
    """Entry point of the `promptsearch` command."""
    arguments, debug = _without_debug(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        # A terminal without the letters of a text must not end the command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app(["--debug", *arguments] if debug else arguments)
    except PromptSearchError as error:
        if debug:
            raise
        screen.show_error(error)
        raise SystemExit(2) from None
    except SystemExit as stop:
        if stop.code == _INTERRUPTED:
            screen.stderr().print("Stopped.")
        raise
    except OSError as error:
        storage = _as_storage_error(error)
        if storage is None or debug:
            raise
        screen.show_error(storage)
        raise SystemExit(2) from None


def _without_debug(arguments: list[str]) -> tuple[list[str], bool]:
    """The arguments without `--debug`, which may stand anywhere before `--`, and whether it was there."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    kept = [argument for argument in arguments[:end] if argument != "--debug"]
    return kept + arguments[end:], len(kept) < end


def _as_storage_error(error: OSError) -> PromptSearchError | None:
    """A full or write-protected disk, wherever it was met."""
    from promptsearch.errors import StorageError
    from promptsearch.paths import storage_reason

    reason = storage_reason(error)
    if reason is None:
        return None
    return StorageError(f"cannot write: {reason}", where=str(error.filename or "") or None)
