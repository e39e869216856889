"""Pictures of a report as SVG: self-contained, without scripts, readable on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

from promptsearch.report.label_words import StepRow
from promptsearch.scoring import Evaluation
from promptsearch.showing import printable

_LEFT, _RIGHT, _TOP, _ROW = 150, 60, 46, 26
WIDTH = 720
"""Of every picture, in pixels."""
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .small { font-size: 11px; fill: #57606a; }
  .grid { stroke: #d0d7de; stroke-width: 1; }
  .whisker { stroke: #8c959f; stroke-width: 2; }
  .chain { fill: none; stroke: #0969da; stroke-width: 2; }
  .dot { fill: #0969da; }
  .beside { fill: #fff; stroke: #0969da; stroke-width: 2; }
  .chosen { fill: #1a7f37; stroke: #1a7f37; stroke-width: 2; }
  .line { stroke-width: 1.5; stroke-dasharray: 5 4; }
"""


def steps_picture(
    rows: Sequence[StepRow], metric: str, split: str, lines: Sequence[tuple[str, float]] = ()
) -> str:
    """How a figure moves from step to step, one row a step with its interval; methods beside the chain below.

    Args:
        rows: steps of the chain first; those without a figure are left out.
        split: what the figures are of.
        lines: figures to compare with, as upright dashed lines: (name, value).
    """
    measured = [(row, row.figure) for row in rows if row.figure is not None]
    height = _TOP + _ROW * len(measured) + 40
    low, high = axis_ends([figure.interval(metric) for _, figure in measured], [value for _, value in lines])
    title = f"{metric} on {split}, from label names to chosen words"
    parts = [
        *opening(height, title, _in_words(measured, metric, lines)),
        *_axis(low, high, height),
        *_upright(lines, low, high, height),
    ]
    places = [_TOP + _ROW * (i + 0.5) for i in range(len(measured))]
    chain = [
        (x_of(figure.value(metric), low, high), y)
        for (row, figure), y in zip(measured, places)
        if row.step is not None
    ]
    if len(chain) > 1:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in chain)
        parts.append(f'<polyline class="chain" points="{points}"/>')
    for (row, figure), y in zip(measured, places):
        ends = figure.interval(metric)
        parts += _row(row, figure.value(metric), ends, y, low, high)
    foot = height - 8
    parts.append(
        f'<text class="small" x="10" y="{foot}">{escape(metric)} on {escape(split)} in percent with 95 % '
        "intervals. Filled: the chain in its order. Hollow: methods beside it. Green: chosen.</text>"
    )
    return "\n".join([*parts, "</svg>"]) + "\n"


def opening(height: float, title: str, desc: str) -> list[str]:
    """Start of a picture: its size, name, description, style and ground."""
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" '
        f'height="{height:g}" role="img" aria-labelledby="title desc">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">{escape(printable(desc))}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height:g}" fill="#fff"/>',
    ]


def _in_words(
    measured: Sequence[tuple[StepRow, Evaluation]], metric: str, lines: Sequence[tuple[str, float]]
) -> str:
    """What the picture shows, for who does not see it."""
    figures = [(row.name, figure.value(metric)) for row, figure in measured]
    return ", ".join(f"{name} {100 * value:.1f}" for name, value in [*figures, *lines])


def x_of(value: float, low: float, high: float) -> float:
    """Where a value stands on the axis, in pixels."""
    return _LEFT + (value - low) / (high - low) * (WIDTH - _LEFT - _RIGHT)


def axis_ends(intervals: Sequence[Sequence[float]], values: Sequence[float]) -> tuple[float, float]:
    """Ends of the axis: whole tenths around all that is shown."""
    shown = [*values, *(end for interval in intervals for end in interval)] or [0.0, 1.0]
    low, high = math.floor(min(shown) * 10) / 10, math.ceil(max(shown) * 10) / 10
    return low, max(high, low + 0.1)


def _axis(low: float, high: float, height: int) -> list[str]:
    parts = []
    for tenths in range(round(low * 10), round(high * 10) + 1):
        x = x_of(tenths / 10, low, high)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{height - 30}"/>')
        parts.append(
            f'<text class="small" x="{x:.1f}" y="{_TOP - 6}" text-anchor="middle">{10 * tenths}</text>'
        )
    return parts


def _upright(lines: Sequence[tuple[str, float]], low: float, high: float, height: int) -> list[str]:
    """Dashed lines; names on two levels, so that near ones do not overlap."""
    parts = []
    for i, (name, value) in enumerate(sorted(lines, key=lambda line: line[1])):
        x, colour = x_of(value, low, high), ("#bf8700", "#8250df")[i % 2]
        parts.append(
            f'<line class="line" stroke="{colour}" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{height - 30}"/>'
        )
        anchor = "start" if x < WIDTH * 0.75 else "end"
        parts.append(
            f'<text class="small" style="fill:{colour}" x="{x:.1f}" y="{12 + 14 * (i % 2)}" '
            f'text-anchor="{anchor}">{escape(printable(name))} {100 * value:.1f}</text>'
        )
    return parts


def _row(row: StepRow, value: float, ends: Sequence[float], y: float, low: float, high: float) -> list[str]:
    x, left, right = (x_of(v, low, high) for v in (value, *ends))
    kind = "chosen" if row.chosen else "dot" if row.step is not None else "beside"
    name = escape(printable(row.name))
    return [
        f'<line class="whisker" x1="{left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>',
        f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="5"><title>{name}: {100 * value:.1f} '
        f"({100 * ends[0]:.1f} to {100 * ends[1]:.1f}), {row.words} words</title></circle>",
        f'<text x="{_LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{name}</text>',
        f'<text class="small" x="{WIDTH - _RIGHT + 12}" y="{y + 4:.1f}">{100 * value:.1f}</text>',
    ]
