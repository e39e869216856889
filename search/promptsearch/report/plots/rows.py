"""Plots of one row a thing: a label to the left, figures to the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptsearch.report.document import Figure
from promptsearch.report.plots.scale import Linear
from promptsearch.report.plots.svg import FAINT, FONT, WIDTH, group, line, shortened, text, width_of

ROW = 30
_LEAST, _MOST = 60, 220
"""Of the column of labels, in units."""
WHISKER = f"stroke:{FAINT};stroke-width:2"


@dataclass(frozen=True)
class Rows:
    """Where rows stand: labels up to `left`, the plot up to `right`, the first row below `top`."""

    left: float
    top: float
    n: int
    right: float

    @property
    def foot(self) -> float:
        return self.top + ROW * self.n

    def middle(self, i: int) -> float:
        return self.top + ROW * (i + 0.5)

    def scale(self, low: float, high: float) -> Linear:
        return Linear(low, high, self.left + 8, self.right)

    def label(self, i: int, words: str) -> str:
        """What a row is of, cut where it is long, whole in its title."""
        fitted = shortened(words, self.left - 16)
        drawn = text(self.left - 8, self.middle(i) + FONT * 0.35, fitted, anchor="end")
        return group([drawn], title=words) if fitted != words else drawn

    def figure(self, i: int, words: str) -> str:
        """A figure at the right end of a row."""
        return text(WIDTH - 6, self.middle(i) + FONT * 0.35, words, anchor="end", colour=FAINT)


def rows_for(labels: Sequence[str], figures: Sequence[str], top: float) -> Rows:
    """Rows whose columns of labels and figures are as wide as they need, labels within bounds."""
    widest = max((width_of(label) for label in labels), default=0.0)
    beside = max((width_of(figure) for figure in figures), default=0.0)
    return Rows(min(max(widest + 18, _LEAST), _MOST), top, len(labels), WIDTH - beside - 22)


def whisker(figure: Figure, scale: Linear, y: float) -> str:
    """The interval of a figure."""
    return group([line(scale.place(100 * figure.low), y, scale.place(100 * figure.high), y)], WHISKER)
