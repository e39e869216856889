"""`promptsearch`: one file a command, one place that turns errors into a panel and exit code 2."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from promptsearch.cli import bench, data, discover, models, predict, pretrain, schema, screen
from promptsearch.errors import PromptSearchError

app = typer.Typer(
    name="promptsearch",
    help="Find the prompt (template, label words, language model) under which a labelled task is "
    "solved best, without training the model.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("discover")(discover.command)
app.command("predict")(predict.predict)
app.command("evaluate")(predict.evaluate)
app.add_typer(data.app, name="tasks")
app.add_typer(models.app, name="models")
app.command("schema")(schema.command)
app.command("pretrain")(pretrain.command)
app.add_typer(bench.app, name="bench")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"promptsearch {version('promptsearch')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    screen.show_warnings(debug)


def main() -> None:
    """Entry point of the `promptsearch` command."""
    try:
        app()
    except PromptSearchError as error:
        if "--debug" in sys.argv:
            raise
        screen.show_error(error)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        screen.stderr().print("Stopped.")
        raise SystemExit(130) from None
    except BrokenPipeError:
        # Whoever read the output has left (`… | head`); Python must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        storage = _as_storage_error(error)
        if storage is None or "--debug" in sys.argv:
            raise
        screen.show_error(storage)
        raise SystemExit(2) from None


def _as_storage_error(error: OSError) -> PromptSearchError | None:
    """A full or write-protected disk, wherever it was met."""
    from promptsearch.errors import StorageError
    from promptsearch.paths import storage_reason

    reason = storage_reason(error)
    if reason is None:
        return None
    return StorageError(f"cannot write: {reason}", where=str(error.filename or "") or None)
