"""Marks that stand for one thing in every plot, and the colours of engines."""

from __future__ import annotations

from promptsearch.report.document import ReportDocument
from promptsearch.report.plots.axes import DASHED, Mark
from promptsearch.report.plots.svg import FAINT, GOOD, GROUND, INK, element, line

_FALLBACKS = ("#0969da", "#bf3989", "#9a6700", "#8250df", "#0a7d7d", "#bc4c00")

MANUAL_LINE = f"stroke:{INK};{DASHED}"
MAJORITY_LINE = f"stroke:{FAINT};stroke-width:2;stroke-dasharray:2 4;fill:none"
RING = f"fill:none;stroke:{GOOD};stroke-width:2.5"
HOLLOW = f"fill:{GROUND};stroke:{INK};stroke-width:2"


def series(i: int) -> str:
    """The i-th colour, from 0; after six they come again."""
    i %= len(_FALLBACKS)
    return f"var(--series-{i + 1},{_FALLBACKS[i]})"


def engine_colours(document: ReportDocument) -> dict[str, str]:
    """A colour an engine, the same in all plots of a document: in the order in which candidates came."""
    engines = dict.fromkeys(
        [point.engine for point in document.candidates] + [point.engine for point in document.history]
    )
    return {engine: series(i) for i, engine in enumerate(engines)}


def dot(x: float, y: float, radius: float, style: str = "") -> str:
    """A circle; without a style it has that of the group around it."""
    styled = {"style": style} if style else {}
    return element("circle", cx=x, cy=y, r=radius, **styled)


def diamond(x: float, y: float, radius: float, style: str = "") -> str:
    """A square on its corner."""
    corners = ((x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y))
    styled = {"style": style} if style else {}
    return element("polygon", points=" ".join(f"{a:.1f},{b:.1f}" for a, b in corners), **styled)


def dot_mark(style: str, radius: float = 5) -> Mark:
    """A circle in a legend."""
    return lambda x, y: dot(x, y, radius, style)


def diamond_mark(style: str) -> Mark:
    """A diamond in a legend."""
    return lambda x, y: diamond(x, y, 6, style)


def line_mark(style: str) -> Mark:
    """A short line in a legend."""
    return lambda x, y: element("g", line(x - 8, y, x + 8, y), style=style)
