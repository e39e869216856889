"""The best triggers so far, while a search of triggers goes on."""

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
from promptsearch.showing import printable

if TYPE_CHECKING:
    from rich.progress import Progress

    from promptsearch.engines.trigger.history import Improvement
    from promptsearch.study.observer import Observer
    from promptsearch.study.triggers import DevFigure

_ROWS = 6
"""Triggers that the table shows, the best last."""
_LINE_SECONDS = 10.0
"""Where there is no terminal, better triggers of the same PLM are told no more often."""


@dataclass
class BestSoFar:
    """The last triggers that were better than all before, of the PLM that is searched."""

    bar: Progress
    plm: str = ""
    rows: list[tuple[str, ...]] = field(default_factory=list)
    _told: float = 0.0

    def add(self, plm: str, found: Improvement, dev: DevFigure | None) -> None:
        """Take in a better trigger; told in a line where stderr is no terminal."""
        if plm != self.plm:
            self.plm, self.rows, self._told = plm, [], 0.0
        row = cells(found, dev)
        self.rows = [*self.rows, row][-_ROWS:]
        now = time.monotonic()
        if self.bar.disable and now - self._told >= _LINE_SECONDS:
            self._told = now
            evaluations, seconds, loss, accuracy, text = row
            # In quotation marks: tokens may be nothing but dots.
            line = f'{plm}: loss {loss}, dev {accuracy}, {evaluations} evaluations, {seconds} s: "{text}"'
            self.bar.console.print(Text(printable(line)), soft_wrap=True)

    def __rich__(self) -> RenderableType:
        if not self.rows:
            return self.bar
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for title in ("evaluations", "seconds", "loss", "dev %"):
            table.add_column(title, justify="right", no_wrap=True)
        table.add_column(f"trigger on {printable(self.plm)}", overflow="fold")
        for i, row in enumerate(self.rows):
            last = i == len(self.rows) - 1
            table.add_row(*map(Text, row), style="" if last else "dim")
        return Group(table, self.bar)


def cells(found: Improvement, dev: DevFigure | None) -> tuple[str, ...]:
    """Evaluations, seconds, loss, figure on dev with its interval, text."""
    accuracy = "–" if dev is None else f"{100 * dev.value:.1f} [{100 * dev.low:.1f}, {100 * dev.high:.1f}]"
    text = " … ".join(text.strip() for text in found.text)
    return (
        f"{found.evaluations:,}",
        f"{found.seconds:,.0f}",
        f"{found.loss:.3f}",
        accuracy,
        printable(text).replace("\n", "⏎"),
    )


@contextmanager
def watching(quiet: bool) -> Generator[Observer]:
    """An observer that draws the best triggers so far and a progress bar, where stderr is a terminal."""
    from rich.live import Live

    bar = screen.progress_bar(quiet)
    best = BestSoFar(bar)
    observer = screen.on_screen(bar, quiet, lambda *found: None if quiet else best.add(*found))
    if bar.disable:
        yield observer
        return
    with Live(best, console=bar.console, transient=True, refresh_per_second=4):
        yield observer
