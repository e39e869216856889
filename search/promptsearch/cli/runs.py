"""`promptsearch runs`: which runs there are, and how each stands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promptsearch.cli import options, screen
from promptsearch.showing import printable

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from promptsearch.study.runs import Run

_DEFAULT = Path("runs")
_STYLES = {
    "done": "green",
    "tuned": "green",
    "going on": "cyan",
    "broken": "red",
    "stopped, can be resumed": "yellow",
}
_STATE, _FIGURES = 10, 42
"""Least width of a state, and that of the columns behind it with what is between."""
_HOW = "Make one: promptsearch discover --task sst2"


def command(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FOLDER",
            help="Run folders, or folders that hold them (default: runs).",
            show_default=False,
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """List runs with their state and what they found, the newest first."""
    from promptsearch.study.going_on import resume_command
    from promptsearch.study.runs import list_runs

    places = folders or [_DEFAULT]
    found = [] if not folders and not _DEFAULT.is_dir() else list_runs(places)
    if json:
        screen.print_json([run.record() for run in found])
        return
    console = screen.stdout()
    if not found:
        where = ", ".join(map(str, places))
        console.print(printable(f"There are no runs in {where}. {_HOW}"), markup=False)
        return
    console.print(_table(found))
    stopped = next((run for run in found if run.state == "stopped, can be resumed"), None)
    if stopped is not None:
        command = resume_command(stopped.folder, stopped.command)
        console.print(printable(f"\nGo on with what was stopped:\n{command}"), markup=False, soft_wrap=True)


def _table(runs: list[Run]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    # A name that is broken in two cannot be copied.
    room = screen.stdout().width - _FIGURES
    name = min(room - _STATE, max(len(line) for run in runs for line in _name(run).plain.split("\n")))
    state = min(room - name, max(len(run.state) for run in runs))
    table.add_column("run", overflow="fold", width=name)
    table.add_column("state", overflow="fold", width=max(state, _STATE))
    table.add_column("test, %", no_wrap=True)
    table.add_column("when", no_wrap=True)
    for run in runs:
        state = Text(run.state, style=_STYLES.get(run.state, ""))
        table.add_row(_name(run), state, _figure(run), _when(run))
    return table


def _name(run: Run) -> Text:
    from rich.text import Text

    name = Text(printable(str(run.folder)), style="bold")
    if run.why:
        return name.append(printable(f"\n{run.why}"), style="not bold red")
    if run.task is None:
        return name
    task = f"{run.task} for {run.stand_in_for}" if run.stand_in_for else run.task
    return name.append(printable("\n" + ", ".join([task, *run.plms])), style="not bold dim")


def _figure(run: Run) -> Text:
    from rich.text import Text

    test = run.test
    if test is None:
        return Text("–", style="dim")
    shown = Text(f"{100 * test.value:.1f}", style="bold")
    if test.low is not None and test.high is not None:
        shown.append(f" [{100 * test.low:.1f}, {100 * test.high:.1f}]", style="not bold")
    return shown.append(f"\n{test.metric}, n={test.n}", style="not bold dim")


def _when(run: Run) -> Text:
    from rich.text import Text

    from promptsearch.report.html.figures import duration

    shown = Text(f"{run.when:%Y-%m-%d %H:%M}")
    return shown if run.seconds is None else shown.append(f"\n{duration(run.seconds)}", style="dim")
