"""Axes and legends: lines behind the data, and labels that never overlap."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from promptsearch.report.plots.scale import MOST_TICKS, Linear, Logarithmic, log_ticks, ticks
from promptsearch.report.plots.svg import FAINT, FONT, GRID, WIDTH, group, line, shortened, text, width_of

RULE = f"stroke:{GRID};stroke-width:1"
DASHED = "stroke-width:2;stroke-dasharray:6 4;fill:none"
LEGEND_ROW = 22
_BETWEEN = 8
"""Least distance between labels, in units."""

Label = tuple[float, str]
"""Where the middle of a label stands, and what it says."""


def values_along(scale: Linear | Logarithmic, most: int = MOST_TICKS) -> list[float]:
    """The round values of a scale."""
    if isinstance(scale, Logarithmic):
        return log_ticks(scale.low, scale.high, most)
    return ticks(scale.low, scale.high, most)


def plain(value: float) -> str:
    """A round value as a label."""
    return f"{value:,.10g}"


def upright_lines(scale: Linear | Logarithmic, top: float, foot: float) -> str:
    """Lines behind the data at the round values, from top to foot."""
    return group((line(scale.place(v), top, scale.place(v), foot) for v in values_along(scale)), RULE)


def labels_below(labels: Sequence[Label], y: float) -> str:
    """Labels along a base line, each only where it keeps clear of the one before and inside the plot."""
    return group((text(x, y, words, anchor="middle") for x, words in apart(labels)), f"fill:{FAINT}")


def apart(labels: Sequence[Label]) -> list[Label]:
    """Those labels, from the first on, that do not run into the one kept before."""
    kept: list[Label] = []
    end = -float("inf")
    for x, words in labels:
        half = width_of(words) / 2
        x = min(max(x, half), WIDTH - half)
        if x - half >= end + _BETWEEN:
            kept.append((x, words))
            end = x + half
    return kept


def bottom_axis(scale: Linear | Logarithmic, top: float, foot: float, name: str) -> list[str]:
    """Lines at round values, these below the foot, and the name of the axis under them: 44 units."""
    labels = [(scale.place(v), plain(v)) for v in values_along(scale)]
    middle = (scale.start + scale.end) / 2
    return [
        upright_lines(scale, top, foot),
        labels_below(labels, foot + 18),
        text(middle, foot + 38, name, anchor="middle", colour=FAINT),
    ]


def left_axis(scale: Linear, left: float, right: float, most: int = MOST_TICKS) -> list[str]:
    """Lines across at round values, these to the left; the scale goes up from `start`, the foot."""
    values = values_along(scale, most)
    return [
        group((line(left, scale.place(v), right, scale.place(v)) for v in values), RULE),
        group(
            (text(left - 8, scale.place(v) + FONT * 0.35, plain(v), anchor="end") for v in values),
            f"fill:{FAINT}",
        ),
    ]


Mark = Callable[[float, float], str]
"""Draws a mark of the legend around a place."""


def legend(entries: Sequence[tuple[Mark, str]], top: float) -> tuple[list[str], float]:
    """Marks with their meaning, in as many rows as they take from `top` on, and where these end."""
    parts: list[str] = []
    x, y = 10.0, top + LEGEND_ROW / 2
    for mark, words in entries:
        words = shortened(words, WIDTH - 50)
        wide = 22 + width_of(words) + 14
        if x > 10 and x + wide > WIDTH:
            x, y = 10.0, y + LEGEND_ROW
        parts += [mark(x + 6, y), text(x + 20, y + FONT * 0.35, words)]
        x += wide
    return parts, (y + LEGEND_ROW / 2 if entries else top)
