"""The plot of quality against cost: which prompts no other is both better and cheaper than."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from promptsearch.report.document import CandidatePoint, ReportDocument
from promptsearch.report.plots.axes import Mark, bottom_axis, left_axis, legend
from promptsearch.report.plots.history import steps
from promptsearch.report.plots.marks import (
    HOLLOW,
    RING,
    diamond,
    diamond_mark,
    dot,
    dot_mark,
    engine_colours,
    line_mark,
)
from promptsearch.report.plots.scale import Linear, Logarithmic, fitting, percent, percent_ends
from promptsearch.report.plots.svg import ACCENT, WIDTH, element, group, picture
from promptsearch.showing import count

_LEFT, _RIGHT, _HIGH = 48, WIDTH - 24, 260
_GRAIN = 3
_FRONT = f"stroke:{ACCENT};stroke-width:2;fill:none"

Measured = tuple[CandidatePoint, float]
"""A candidate and its share on dev."""


def front_plot(document: ReportDocument) -> str:
    """Dev against tokens of a prediction, with the front, the cheapest good prompt and the manual one."""
    measured = [(point, point.dev) for point in document.candidates if point.dev is not None]
    if not measured:
        return ""
    low, high = percent_ends([value for _, value in measured])
    cheap = cheapest(document)
    engines = engine_colours(document)
    used = {point.engine: engines[point.engine] for point, _ in measured}
    parts, top = legend(_legend(measured, used, cheap), 4)
    foot = top + 10 + _HIGH
    y = Linear(low, high, foot, top + 10)
    x = fitting([point.tokens for point, _ in measured], _LEFT + 12, _RIGHT)
    log = ", logarithmic" if isinstance(x, Logarithmic) else ""
    parts += [
        *left_axis(y, _LEFT, _RIGHT),
        *bottom_axis(x, top + 10, foot, f"tokens a prediction{log}"),
        *_dots(measured, used, x, y),
        *_marked(measured, cheap, x, y),
    ]
    title = f"{document.task.metric} on dev, in percent, against tokens a prediction"
    return picture("front", foot + 48, title, _in_words(front(measured), cheap), parts)


def front(measured: Sequence[Measured]) -> list[Measured]:
    """Those on the front, the cheapest first, one of those that are alike."""
    ordered = sorted(measured, key=lambda one: (one[0].tokens, -one[1]))
    found: list[Measured] = []
    for point, value in ordered:
        if point.on_front and (not found or value > found[-1][1]):
            found.append((point, value))
    return found


def cheapest(document: ReportDocument) -> Measured | None:
    """The candidate of fewest tokens, then best on dev, of those within the interval of the best finalist."""
    figures = [row.dev for row in document.finalists if row.prompt is not None and row.dev is not None]
    if not figures:
        return None
    best = max(figures, key=lambda figure: figure.value)
    good = [
        (point, point.dev) for point in document.candidates if point.dev is not None and point.dev >= best.low
    ]
    return min(good, key=lambda one: (one[0].tokens, -one[1]), default=None)


def _legend(
    measured: Sequence[Measured], used: dict[str, str], cheap: Measured | None
) -> list[tuple[Mark, str]]:
    entries: list[tuple[Mark, str]] = [(dot_mark(f"fill:{colour}", 4), name) for name, colour in used.items()]
    if front(measured):
        entries.append((line_mark(_FRONT), "front"))
    if any(point.manual for point, _ in measured):
        entries.append((diamond_mark(HOLLOW), "manual prompt"))
    if cheap is not None:
        entries.append((dot_mark(RING), f"cheapest within the interval of the best: {percent(cheap[1])}"))
    return entries


def _dots(
    measured: Sequence[Measured], used: dict[str, str], x: Linear | Logarithmic, y: Linear
) -> list[str]:
    """Dots of an engine that stand at the same place are one."""
    parts = []
    for engine, colour in used.items():
        own = [(point, value) for point, value in measured if point.engine == engine]
        places = Counter(
            (_grain(x.place(point.tokens)), _grain(y.place(100 * value))) for point, value in own
        )
        parts.append(
            group(
                (_dot(*place, n) for place, n in places.items()),
                f"fill:{colour};fill-opacity:.6",
                title=engine,
            )
        )
    return parts


def _grain(place: float) -> float:
    return round(place / _GRAIN) * _GRAIN


def _dot(x: float, y: float, n: int) -> str:
    if n == 1:
        return dot(x, y, 3.2)
    return element("circle", f"<title>{count(n, 'combination')}</title>", cx=x, cy=y, r=3.2)


def _marked(
    measured: Sequence[Measured], cheap: Measured | None, x: Linear | Logarithmic, y: Linear
) -> list[str]:
    """The front, the manual prompts and the cheapest good prompt, each mark titled with its template."""

    def place(one: Measured) -> tuple[float, float]:
        return x.place(one[0].tokens), y.place(100 * one[1])

    on_front = front(measured)
    parts = []
    if on_front:
        parts.append(element("path", d=steps([place(one) for one in on_front], _RIGHT), style=_FRONT))
        parts += [_titled(dot(*place(one), 3.6, f"fill:{ACCENT}"), one) for one in on_front]
    parts += [_titled(diamond(*place(one), 6, HOLLOW), one) for one in measured if one[0].manual]
    if cheap is not None:
        parts.append(_titled(dot(*place(cheap), 7, RING), cheap))
    return parts


def _titled(mark: str, one: Measured) -> str:
    return group([mark], title=_told(one))


def _told(one: Measured) -> str:
    point, value = one
    return f"{percent(value)} at {point.tokens:.4g} tokens: {point.template}"


def _in_words(on_front: Sequence[Measured], cheap: Measured | None) -> str:
    told = "; ".join(_told(one) for one in on_front[:8])
    words = [f"On the front: {told}." if told else ""]
    if cheap is not None:
        words.append(f"The cheapest within the interval of the best: {_told(cheap)}.")
    return " ".join(part for part in words if part)
