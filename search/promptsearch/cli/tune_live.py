"""Loss and dev figures while a prompt is trained."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from promptsearch.cli import screen

if TYPE_CHECKING:
    from rich.progress import Progress

    from promptsearch.engines.soft.course import Look
    from promptsearch.study.observer import Observer
    from promptsearch.tuning.observer import TuneObserver

_ROWS = 8
"""Looks that the table shows, the last one at the bottom, and the best above them."""
_LINE_SECONDS = 10.0
"""Where there is no terminal, looks are told no more often, but for better ones."""
_TITLES = ("start", "step", "train loss", "dev log-likelihood", "dev accuracy %", "seconds")


@dataclass
class Looks:
    """The last looks at dev, and the best of all."""

    bar: Progress
    last: list[Look] = field(default_factory=list)
    best: Look | None = None
    _told: float = float("-inf")

    def add(self, look: Look) -> None:
        """Take in a look; told in a line where stderr is no terminal."""
        self.last = [*self.last, look][-_ROWS:]
        better = self.best is None or look.log_likelihood > self.best.log_likelihood
        if better:
            self.best = look
        now = time.monotonic()
        if self.bar.disable and now - self._told >= _LINE_SECONDS:
            self._told = now
            self.bar.console.print(Text(line(look)))

    def __rich__(self) -> RenderableType:
        if not self.last:
            return self.bar
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for title in _TITLES:
            table.add_column(title, justify="right", no_wrap=True)
        shown = self.last if self.best in self.last or self.best is None else [self.best, *self.last]
        for look in shown:
            best = look == self.best
            table.add_row(*map(Text, cells(look)), Text("best" if best else ""), style="" if best else "dim")
        return Group(table, self.bar)


def cells(look: Look) -> tuple[str, ...]:
    """What a look shows, as `_TITLES` name it."""
    low, high = look.interval
    return (
        str(look.restart + 1),
        str(look.step),
        "–" if look.loss is None else f"{look.loss:.4f}",
        f"{look.log_likelihood:.4f}",
        f"{100 * look.accuracy:.1f} [{100 * low:.1f}, {100 * high:.1f}]",
        f"{look.seconds:.0f}",
    )


def line(look: Look) -> str:
    """A look in a line."""
    start, step, loss, likelihood, accuracy, seconds = cells(look)
    return (
        f"start {start}, step {step}: train loss {loss}, dev log-likelihood {likelihood}, "
        f"dev accuracy {accuracy} %, {seconds} s"
    )


@contextmanager
def watching(quiet: bool) -> Generator[TuneObserver]:
    """An observer that draws a table of looks and a progress bar, where stderr is a terminal."""
    from rich.live import Live

    bar = screen.progress_bar(quiet)
    looks = Looks(bar)
    observer = _observer(screen.on_screen(bar, quiet), looks, quiet)
    if bar.disable:
        yield observer
        return
    with Live(looks, console=bar.console, transient=True, refresh_per_second=4):
        yield observer


def _observer(inner: Observer, looks: Looks, quiet: bool) -> TuneObserver:
    from promptsearch.tuning.observer import TuneObserver

    class OnScreen(TuneObserver):
        def stage(self, text: str) -> None:
            inner.stage(text)

        def advance(self, done: int, total: int) -> None:
            inner.advance(done, total)

        def notice(self, text: str) -> None:
            inner.notice(text)

        def looked(self, look: Look) -> None:
            if not quiet:
                looks.add(look)

    return OnScreen()
