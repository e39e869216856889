"""The plot of a search of triggers: loss on train, and the figure on dev that it did not see, over time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from promptsearch.report.document import ReportDocument
from promptsearch.report.plots.axes import Label, Mark, labels_below, left_axis, legend, values_along
from promptsearch.report.plots.baselines import manual_by_plm
from promptsearch.report.plots.history import steps
from promptsearch.report.plots.marks import MANUAL_LINE, dot, dot_mark, line_mark, series
from promptsearch.report.plots.scale import Linear, percent, percent_ends, round_ends, unit_of
from promptsearch.report.plots.svg import (
    ACCENT,
    FAINT,
    WIDTH,
    element,
    group,
    line,
    number,
    picture,
    text,
)
from promptsearch.report.trigger_document import TriggerCourse, TriggerPoint, best_so_far, plot_name
from promptsearch.showing import count

_LEFT, _RIGHT = 56, WIDTH - 24
_HIGH, _BETWEEN = 150, 40
_LOSS = f"stroke:{series(1)};stroke-width:2.5;fill:none;stroke-linejoin:round"
_DEV = f"stroke:{ACCENT};stroke-width:2.5;fill:none;stroke-linejoin:round"
_BAND = f"fill:{ACCENT};fill-opacity:0.14;stroke:none"
_OTHERS = f"fill:{series(1)};fill-opacity:0.45"


def trigger_plots(document: ReportDocument) -> dict[str, str]:
    """Name -> picture, one for each search that found anything."""
    manual = manual_by_plm(document)
    plots = {
        plot_name(i): _plot(plot_name(i), course, document.task.metric, manual.get(course.plm))
        for i, course in enumerate(document.triggers, 1)
    }
    return {name: plot for name, plot in plots.items() if plot}


@dataclass(frozen=True)
class _Scales:
    """Where time, loss and shares stand."""

    seconds: float
    unit: float
    unit_name: str
    x: Linear
    loss: Linear
    dev: Linear | None

    def at(self, point: TriggerPoint) -> float:
        """Where a point stands in time."""
        return self.x.place(point.seconds / self.unit)


def _plot(key: str, course: TriggerCourse, metric: str, manual: float | None) -> str:
    """Two panels over the same time: the loss of the best so far, and what it has on dev."""
    best = best_so_far(course)
    if not best:
        return ""
    parts, top = legend(_legend(course, best, metric, manual), 4)
    scales = _scales(course, best, manual, top + 28)
    parts += _loss_panel(course, best, scales)
    foot = scales.loss.start
    if scales.dev is not None:
        foot = scales.dev.start
        parts += _dev_panel(best, scales, scales.dev, metric, manual)
    parts += _time(course, scales, foot)
    title = f"loss on train and {metric} on dev over {scales.unit_name}, triggers on {course.plm}"
    return picture(key, foot + 66, title, _in_words(course, best, metric), parts)


def _legend(
    course: TriggerCourse, best: Sequence[TriggerPoint], metric: str, manual: float | None
) -> list[tuple[Mark, str]]:
    entries: list[tuple[Mark, str]] = [(line_mark(_LOSS), f"loss of the best so far {best[-1].loss:.3f}")]
    if len(best) < len(course.points):
        entries.append((dot_mark(_OTHERS, 4), "best of another template"))
    if any(point.dev is not None for point in best):
        entries.append((line_mark(_DEV), f"{metric} on dev, 95 % interval"))
        if manual is not None:
            entries.append((line_mark(MANUAL_LINE), f"manual prompt {percent(manual)}"))
    return entries


def _scales(course: TriggerCourse, best: Sequence[TriggerPoint], manual: float | None, top: float) -> _Scales:
    last = max(course.seconds, *(point.seconds for point in course.points), 1.0)
    unit, name = unit_of(last)
    losses = [point.loss for point in course.points]
    low, high = round_ends(losses, least=0.05, most=6)
    shares = [value for point in best if point.dev for value in (point.dev.low, point.dev.high)]
    dev = None
    if shares:
        ends = percent_ends([*shares, *([] if manual is None else [manual])])
        start = top + _HIGH + _BETWEEN
        dev = Linear(*ends, start + _HIGH, start)
    return _Scales(
        last, unit, name, Linear(0, last / unit, _LEFT, _RIGHT), Linear(low, high, top + _HIGH, top), dev
    )


def _loss_panel(course: TriggerCourse, best: Sequence[TriggerPoint], scales: _Scales) -> list[str]:
    y = scales.loss
    others = [point for point in course.points if point not in best]
    corners = [(scales.at(point), y.place(point.loss)) for point in best]
    return [
        text(_LEFT, y.end - 10, "loss on train", colour=FAINT),
        *left_axis(y, _LEFT, _RIGHT, 6),
        group((dot(scales.at(point), y.place(point.loss), 2.8) for point in others), _OTHERS),
        element("path", d=steps(corners, _RIGHT), style=_LOSS),
    ]


def _dev_panel(
    best: Sequence[TriggerPoint], scales: _Scales, y: Linear, metric: str, manual: float | None
) -> list[str]:
    measured = [(scales.at(point), point.dev) for point in best if point.dev is not None]
    upper = [(x, y.place(100 * dev.high)) for x, dev in measured]
    lower = [(x, y.place(100 * dev.low)) for x, dev in measured]
    middle = [(x, y.place(100 * dev.value)) for x, dev in measured]
    parts = [
        text(_LEFT, y.end - 10, f"{metric} on dev, in percent", colour=FAINT),
        *left_axis(y, _LEFT, _RIGHT),
        element("path", d=_band(upper, lower, _RIGHT), style=_BAND),
    ]
    if manual is not None:
        across = y.place(100 * manual)
        parts.append(group([line(_LEFT, across, _RIGHT, across)], MANUAL_LINE))
    return [*parts, element("path", d=steps(middle, _RIGHT), style=_DEV)]


def _band(upper: Sequence[tuple[float, float]], lower: Sequence[tuple[float, float]], end: float) -> str:
    """The area between two lines of steps that change at the same places."""
    back = [f"L{number(end)},{number(lower[-1][1])}"]
    for i in reversed(range(len(lower))):
        x, _ = lower[i]
        back.append(f"H{number(x)}" + (f"V{number(lower[i - 1][1])}" if i else ""))
    return steps(upper, end) + "".join(back) + "Z"


def _time(course: TriggerCourse, scales: _Scales, foot: float) -> list[str]:
    """Time in one row below, and in a second one what had been evaluated by then."""
    times = values_along(scales.x)
    so_far = [_evaluations_by(course, time * scales.unit) for time in times]
    below: list[Label] = [(scales.x.place(time), f"{n:,}") for time, n in zip(times, so_far)]
    name = f"{scales.unit_name}, and evaluations by then (between better triggers: about)"
    return [
        labels_below([(scales.x.place(time), f"{time:g}") for time in times], foot + 18),
        labels_below(below, foot + 38),
        text((_LEFT + _RIGHT) / 2, foot + 58, name, anchor="middle", colour=FAINT),
    ]


def _evaluations_by(course: TriggerCourse, seconds: float) -> int:
    """How many there had been; between two better triggers they are taken to come at a steady rate."""
    known = sorted(
        [(0.0, 0), *((p.seconds, p.evaluations) for p in course.points), (course.seconds, course.evaluations)]
    )
    after = bisect_right([at for at, _ in known], seconds)
    if after == len(known):
        return known[-1][1]
    (start, before), (end, then) = known[after - 1], known[after]
    return round(before + (then - before) * (seconds - start) / (end - start))


def _in_words(course: TriggerCourse, best: Sequence[TriggerPoint], metric: str) -> str:
    first, last = best[0], best[-1]
    told = f"The loss falls from {first.loss:.3f} to {last.loss:.3f}"
    if first.dev is not None and last.dev is not None:
        told += f", {metric} on dev goes from {percent(first.dev.value)} to {percent(last.dev.value)}"
    return f"{told}, in {count(course.evaluations, 'evaluation')} and {course.seconds:,.0f} seconds."
