"""The plot of how the best on dev rose with time."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from promptsearch.report.document import HistoryPoint, ReportDocument
from promptsearch.report.plots.axes import (
    Label,
    Mark,
    labels_below,
    left_axis,
    legend,
    values_along,
)
from promptsearch.report.plots.baselines import manual
from promptsearch.report.plots.marks import MANUAL_LINE, dot, dot_mark, engine_colours, line_mark
from promptsearch.report.plots.scale import Linear, percent, percent_ends, unit_of
from promptsearch.report.plots.svg import ACCENT, FAINT, WIDTH, element, group, line, number, picture, text
from promptsearch.showing import count

_LEFT, _RIGHT, _HIGH = 48, WIDTH - 24, 250
_GRAIN = 4
"""Evaluations that stand within so many units are one dot."""
_FEW = 100
"""Evaluations whose dots need not be faint to be told apart."""
_BEST = f"stroke:{ACCENT};stroke-width:2.5;fill:none;stroke-linejoin:round"


def history_plot(document: ReportDocument) -> str:
    """The best so far as a line of steps over time, each evaluation a faint dot in its engine's colour."""
    history = sorted(document.history, key=lambda point: (point.seconds, point.evaluations))
    if not history:
        return ""
    base = manual(document)
    values = [value for point in history for value in (point.value, point.best)]
    low, high = percent_ends(values + ([base] if base is not None else []))
    last = max(history[-1].seconds, 1.0)
    unit, unit_name = unit_of(last)
    engines = engine_colours(document)
    parts, top = legend(_legend(history, engines, base), 4)
    top += 10
    x, y = Linear(0, last / unit, _LEFT, _RIGHT), Linear(low, high, top + _HIGH, top)
    foot = top + _HIGH
    parts += [*_axes(history, x, y, unit, unit_name), *_dots(history, engines, x, y, unit)]
    if base is not None:
        parts.append(group([line(_LEFT, y.place(100 * base), _RIGHT, y.place(100 * base))], MANUAL_LINE))
    parts.append(element("path", d=steps(_corners(history, x, y, unit), _RIGHT), style=_BEST))
    title = f"best {document.task.metric} on dev so far, in percent, over {unit_name}"
    return picture("history", foot + 66, title, _in_words(history), parts)


def _legend(
    history: Sequence[HistoryPoint], engines: dict[str, str], base: float | None
) -> list[tuple[Mark, str]]:
    entries: list[tuple[Mark, str]] = [(line_mark(_BEST), f"best so far {percent(history[-1].best)}")]
    if base is not None:
        entries.append((line_mark(MANUAL_LINE), f"manual prompt {percent(base)}"))
    used = {point.engine for point in history}
    entries += [(dot_mark(f"fill:{engines[name]}", 4), name) for name in engines if name in used]
    return entries


def _axes(history: Sequence[HistoryPoint], x: Linear, y: Linear, unit: float, unit_name: str) -> list[str]:
    """Time in one row below, what had been evaluated by then in a second one."""
    foot = y.start
    times = values_along(x)
    seconds = [point.seconds for point in history]
    done = [0, *(point.evaluations for point in history)]
    so_far = [done[bisect_right(seconds, time * unit + 1e-9)] for time in times]
    below: list[Label] = [(x.place(time), f"{n:,}") for time, n in zip(times, so_far)]
    name = f"{unit_name}, and evaluations by then"
    return [
        *left_axis(y, _LEFT, _RIGHT),
        labels_below([(x.place(time), f"{time:g}") for time in times], foot + 18),
        labels_below(below, foot + 38),
        text((_LEFT + _RIGHT) / 2, foot + 58, name, anchor="middle", colour=FAINT),
    ]


def _dots(
    history: Sequence[HistoryPoint], engines: dict[str, str], x: Linear, y: Linear, unit: float
) -> list[str]:
    """Dots of an engine that stand at the same place are one."""
    parts, strong = [], 0.8 if len(history) <= _FEW else 0.45
    for engine, colour in engines.items():
        own = [point for point in history if point.engine == engine]
        places = Counter(
            (_grain(x.place(point.seconds / unit)), _grain(y.place(100 * point.value))) for point in own
        )
        dots = (_dot(*place, n) for place, n in places.items())
        parts.append(group(dots, f"fill:{colour};fill-opacity:{strong}", title=engine))
    return parts


def _grain(place: float) -> float:
    return round(place / _GRAIN) * _GRAIN


def _dot(x: float, y: float, n: int) -> str:
    if n == 1:
        return dot(x, y, 2.8)
    return element("circle", f"<title>{count(n, 'evaluation')}</title>", cx=x, cy=y, r=2.8)


def _corners(history: Sequence[HistoryPoint], x: Linear, y: Linear, unit: float) -> list[tuple[float, float]]:
    """Where the best changed."""
    changes = [point for i, point in enumerate(history) if i == 0 or point.best != history[i - 1].best]
    return [(x.place(point.seconds / unit), y.place(100 * point.best)) for point in changes]


def steps(corners: Sequence[tuple[float, float]], end: float) -> str:
    """A path that keeps the height of each corner up to the next one, and the last one's up to `end`."""
    (x, y), *rest = corners
    told = [f"M{number(x)},{number(y)}", *(f"H{number(x)}V{number(y)}" for x, y in rest)]
    return "".join([*told, f"H{number(end)}"])


def _in_words(history: Sequence[HistoryPoint]) -> str:
    first, last = history[0], history[-1]
    return (
        f"From {percent(first.best)} at first to {percent(last.best)} after "
        f"{count(last.evaluations, 'evaluation')} in {last.seconds:,.0f} seconds."
    )
