"""What the command line draws: panels, tables, progress bars. Results go to stdout, all else to stderr."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.text import Text

from promptsearch.errors import PromptSearchError
from promptsearch.showing import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress

    from promptsearch.engines.trigger.history import Improvement
    from promptsearch.study.observer import Observer, Status
    from promptsearch.study.trial import Trial
    from promptsearch.study.triggers import DevFigure

    Improved = Callable[[str, Improvement, DevFigure | None], None]


STARTED = time.monotonic()
"""When this process has begun: a time limit counts from here."""


@cache
def stdout() -> Console:
    """For results."""
    return Console(highlight=False)


@cache
def stderr() -> Console:
    """For everything else."""
    return Console(stderr=True, highlight=False)


def show_error(error: PromptSearchError) -> None:
    """One panel: what was wrong, where, and what would do. Nothing in it is read as markup."""
    parts = [Text(_sentence(printable(error.message)), style="bold")]
    if error.where:
        parts.append(Text(printable(error.where), style="cyan"))
    if error.hint:
        parts.append(Text(printable(error.hint)))
    stderr().print(Panel(Group(*parts), title="Error", title_align="left", border_style="red"))


def show_notice(text: str) -> None:
    """Something the user must know, on stderr."""
    stderr().print(Text.assemble(("Note: ", "yellow"), printable(text)))


def _sentence(text: str) -> str:
    """With a capital and a full stop; a message that begins with a name (`./model`, `a-b/c`) keeps it."""
    first = text.split(" ", 1)[0].rstrip(",")
    capital = first.isalpha() and first.islower()
    return (text[:1].upper() + text[1:] if capital else text) + (
        "" if text.endswith((".", "!", "?")) else "."
    )


class _Warnings(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        show_notice(record.getMessage())


def show_warnings(debug: bool) -> None:
    """Have the package's own log come to stderr: warnings, or everything with --debug."""
    log = logging.getLogger("promptsearch")
    log.handlers = [_Warnings()]
    log.setLevel(logging.DEBUG if debug else logging.WARNING)


def hush() -> None:
    """No warnings of the package's log either."""
    logging.getLogger("promptsearch").setLevel(logging.ERROR)


def print_json(value: Any, indent: int | None = 2) -> None:
    """JSON on stdout, in the letters of the text where the terminal has them, else escaped."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=indent)
    print(text)


def reading_text(
    done: int, total: int | None, sentences: int, seconds: float, before: tuple[int, int] = (0, 0)
) -> str:
    """How far a corpus has been read, how fast, and the time left.

    Args:
        before: bytes and sentences that were read before the seconds began.
    """
    text = f"Reading text: {done / 1e6:,.1f}"
    text += f" of {total / 1e6:,.1f} MB" if total else " MB"
    if seconds > 1:
        text += f", {(sentences - before[1]) / seconds:,.0f} sentences/s"
        if total and done > before[0]:
            left = round(seconds * (total - done) / (done - before[0]))
            text += f", {left // 60}:{left % 60:02} left"
    return text


def status_text(status: Status) -> str:
    """The best so far, what was tried, and the time left."""
    parts = [f"{status.combinations:,} tried"]
    if status.best is not None:
        # Chosen as the winner will be; still, the best of many on dev promises too much.
        parts.append(f"best on dev {100 * status.best:.1f}")
    if status.left is not None:
        left = max(0, round(status.left))
        parts.append(f"{left // 60}:{left % 60:02} left")
    return ", ".join(parts)


@contextmanager
def watching(quiet: bool) -> Generator[Observer]:
    """An observer that draws a progress bar on stderr where that is a terminal."""
    bar = progress_bar(quiet)
    with bar:
        yield on_screen(bar, quiet)


def progress_bar(quiet: bool) -> Progress:
    """What goes on, how far it is, what was tried, for how long; drawn where stderr is a terminal."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    if quiet:
        hush()
    console = stderr()
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[tried]}", markup=False),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )


def on_screen(bar: Progress, quiet: bool, improved: Improved | None = None) -> Observer:
    """An observer that moves a bar; stages and notices are lines where stderr is no terminal.

    Args:
        improved: shows a better trigger in place of the bar.
    """
    from promptsearch.study.observer import Observer

    console, task = bar.console, bar.add_task("", total=None, tried="")

    class OnScreen(Observer):
        n = 0
        begun = 0.0
        before = (0, 0)

        def stage(self, text: str) -> None:
            self.begun = 0.0
            bar.update(task, description=printable(text), total=None, completed=0)
            if not quiet and not console.is_terminal:
                console.print(Text(printable(text)))

        def advance(self, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        def reading(self, done: int, total: int | None, sentences: int) -> None:
            if not self.begun:
                self.begun, self.before = time.monotonic(), (done, sentences)
            text = reading_text(done, total, sentences, time.monotonic() - self.begun, self.before)
            bar.update(task, description=text, completed=done, total=total)

        def notice(self, text: str) -> None:
            if not quiet:
                show_notice(text)

        def tried(self, trials: list[Trial]) -> None:
            self.n += len(trials)
            bar.update(task, tried=f"{self.n:,} tried")

        def status(self, status: Status) -> None:
            bar.update(task, tried=status_text(status))

        def improved(self, plm: str, found: Improvement, dev: DevFigure | None) -> None:
            if improved is not None:
                improved(plm, found, dev)
                return
            bar.update(task, tried=f"loss {found.loss:.3f}")

    return OnScreen()
