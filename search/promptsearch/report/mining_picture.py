"""The picture of mined templates: how often they were found against how well a PLM answers with them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from promptsearch.report.mined_rows import MinedRow
from promptsearch.report.pictures import WIDTH, axis_ends, opening
from promptsearch.showing import printable

_LEFT, _RIGHT, _HIGH = 56, 206, 300
_LEGEND_ROW, _PER_LEGEND_ROW = 20, 3
_NAME = 14
"""Characters of a PLM's name that fit beside the picture."""
_TEXT = 13
"""Height of a line of small text."""
_COLOURS = ("#0969da", "#bf3989", "#9a6700", "#8250df", "#0a7d7d")
_GREY = "#57606a"
# Marks of radius 1 around the origin, as outlines.
_SHAPES = (
    "M-1,0 A1,1 0 1 1 1,0 A1,1 0 1 1 -1,0 Z",
    "M-.9,-.9 H.9 V.9 H-.9 Z",
    "M0,-1.2 L1.1,.8 H-1.1 Z",
    "M0,-1.3 L1.3,0 L0,1.3 L-1.3,0 Z",
)


@dataclass(frozen=True)
class Line:
    """A figure to compare with, drawn across.

    Attributes:
        plm: whose figure it is; None for one of no PLM.
    """

    name: str
    value: float
    plm: str | None = None

    @property
    def told(self) -> str:
        """Its name with its PLM's."""
        return self.name if self.plm is None else f"{self.name} on {self.plm}"


@dataclass(frozen=True)
class _Plot:
    """Where figures stand, in pixels: support on a logarithmic scale, the metric on a plain one."""

    top: float
    least: float
    most: float
    low: float
    high: float

    def x_of(self, support: float) -> float:
        share = math.log(support / self.least) / math.log(self.most / self.least)
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def y_of(self, value: float) -> float:
        return self.top + (self.high - value) / (self.high - self.low) * _HIGH


def support_picture(rows: Sequence[MinedRow], metric: str, lines: Sequence[Line] = ()) -> str:
    """One mark a row: support to the right, the metric on dev upwards; a colour and shape a PLM.

    Args:
        rows: at least one.
    """
    plms = list(dict.fromkeys(row.trial.plm for row in rows))
    title = f"support of mined templates against {metric} on dev"
    supports = [row.mined.support for row in rows]
    low, high = axis_ends(
        [], [*(row.trial.dev.value(metric) for row in rows), *(line.value for line in lines)]
    )
    top = 30 + _LEGEND_ROW * math.ceil(len(plms) / _PER_LEGEND_ROW)
    plot = _Plot(top, min(supports) / 1.3, max(supports) * 1.3, low, high)
    height = top + _HIGH + 58
    chosen = " Green rim: chosen." if any(row.chosen for row in rows) else ""
    parts = [
        *opening(height, title, _in_words(rows, metric, lines)),
        *_legend(plms),
        *_grid(plot),
        *_across(plot, lines, plms),
        *_marks(plot, rows, metric, plms),
        f'<text class="small" x="{_LEFT}" y="{height - 8}">Upwards: {escape(metric)} on dev in percent. '
        f"To the right: distinct pairs found, logarithmic.{chosen}</text>",
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _in_words(rows: Sequence[MinedRow], metric: str, lines: Sequence[Line]) -> str:
    """What the picture shows, for who does not see it."""
    figures = [f"{row.template} found {row.mined.support} times {_percent(row, metric)}" for row in rows]
    return ", ".join([*figures, *(f"{line.told} {100 * line.value:.1f}" for line in lines)])


def _percent(row: MinedRow, metric: str) -> str:
    return f"{100 * row.trial.dev.value(metric):.1f}"


def _look(plms: Sequence[str], plm: str) -> tuple[str, str]:
    """Colour and outline of a PLM's marks."""
    i = plms.index(plm)
    return _COLOURS[i % len(_COLOURS)], _SHAPES[i % len(_SHAPES)]


def _short(name: str) -> str:
    """A name that fits, without its beginning, which folders and owners take."""
    name = printable(name).replace("\n", "⏎")
    return name if len(name) <= _NAME else "…" + name[1 - _NAME :]


def _legend(plms: Sequence[str]) -> list[str]:
    parts = []
    for i, plm in enumerate(plms):
        row, column = divmod(i, _PER_LEGEND_ROW)
        x, y = _LEFT + 215 * column, 16 + _LEGEND_ROW * row
        colour, shape = _look(plms, plm)
        parts.append(_mark(x, y - 4, colour, shape))
        parts.append(f'<text class="small" x="{x + 12}" y="{y}">{escape(_short(plm))}</text>')
    return parts


def _mark(x: float, y: float, colour: str, shape: str, rim: str = "#fff", title: str = "") -> str:
    """One mark; a name is shown where a pointer rests on it."""
    told = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<g class="mark" transform="translate({x:.1f} {y:.1f}) scale(5)"><path d={quoteattr(shape)} '
        f'fill="{colour}" stroke="{rim}" stroke-width="{0.2 if rim == "#fff" else 0.6}">{told}</path></g>'
    )


def _grid(plot: _Plot) -> list[str]:
    right, foot = WIDTH - _RIGHT, plot.top + _HIGH
    parts = []
    for tenths in range(round(plot.low * 10), round(plot.high * 10) + 1):
        y = plot.y_of(tenths / 10)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="small" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10 * tenths}</text>'
        )
    for support in _ticks(plot.least, plot.most):
        x = plot.x_of(support)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{plot.top}" y2="{foot}"/>')
        parts.append(
            f'<text class="small" x="{x:.1f}" y="{foot + 16}" text-anchor="middle">{support:,}</text>'
        )
    return parts


def _ticks(least: float, most: float) -> list[int]:
    """1, 2, 5, 10, 20, 50, …: those between, or powers of ten alone where they are many."""
    powers = [10**n for n in range(math.ceil(math.log10(most)) + 1)]
    for steps in ((1, 2, 3, 4, 5, 6, 7, 8), (1, 2, 5), (1,)):
        ticks = [step * power for power in powers for step in steps if least <= step * power <= most]
        if len(ticks) <= 10:
            break
    return ticks


def _across(plot: _Plot, lines: Sequence[Line], plms: Sequence[str]) -> list[str]:
    """Dashed lines from high to low, named on the right; names that would overlap are moved apart."""
    parts: list[str] = []
    right, ordered = WIDTH - _RIGHT, sorted(lines, key=lambda line: -line.value)
    heights = [plot.y_of(line.value) for line in ordered]
    for line, y, name_y in zip(ordered, heights, _apart(heights, plot.top + _HIGH)):
        own = line.plm is not None and line.plm in plms
        colour = _look(plms, line.plm)[0] if own else _GREY
        name = f"{line.name}, {_short(line.plm)}" if own and len(plms) > 1 else line.name
        parts.append(
            f'<line class="line" stroke="{colour}" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(
            f'<text class="small" style="fill:{colour}" x="{right + 6}" y="{name_y + 4:.1f}">'
            f"{escape(printable(name))} {100 * line.value:.1f}</text>"
        )
    return parts


def _apart(heights: Sequence[float], foot: float) -> list[float]:
    """Heights from top to foot, moved down, and up above the foot, until text fits between them."""
    moved: list[float] = []
    for y in heights:
        moved.append(max(y, moved[-1] + _TEXT) if moved else y)
    for i in reversed(range(len(moved))):
        moved[i] = min(moved[i], foot - _TEXT * (len(moved) - 1 - i))
    return moved


def _marks(plot: _Plot, rows: Sequence[MinedRow], metric: str, plms: Sequence[str]) -> list[str]:
    """Marks that would cover each other stand side by side in the rows' order, the chosen one on top."""
    taken: Counter[tuple[float, float]] = Counter()
    plain, chosen = [], []
    for row in rows:
        x, y = plot.x_of(row.mined.support), plot.y_of(row.trial.dev.value(metric))
        n = taken[round(x), round(y)]
        taken[round(x), round(y)] += 1
        # 0, 1, -1, 2, -2, … marks to the right.
        x = min(max(x + 11 * ((n + 1) // 2) * (1 if n % 2 else -1), _LEFT), WIDTH - _RIGHT)
        low, high = row.trial.dev.interval(metric)
        told = (
            f"{row.template}, {row.trial.plm}: support {row.mined.support:,}, {metric} "
            f"{_percent(row, metric)} ({100 * low:.1f} to {100 * high:.1f})"
        )
        rim = "#1a7f37" if row.chosen else "#fff"
        drawn = _mark(x, y, *_look(plms, row.trial.plm), rim, printable(told))
        (chosen if row.chosen else plain).append(drawn)
    return [*plain, *chosen]
