"""The plot of several runs: their best prompts on dev and test, with intervals."""

from __future__ import annotations

from collections.abc import Sequence

from promptsearch.report.document import Figure, Finalist
from promptsearch.report.plots.axes import Mark, bottom_axis, legend
from promptsearch.report.plots.marks import dot, dot_mark, line_mark
from promptsearch.report.plots.rows import WHISKER, rows_for, whisker
from promptsearch.report.plots.scale import Linear, percent, percent_ends
from promptsearch.report.plots.svg import ACCENT, FAINT, FONT, GROUND, group, picture, text

_DEV = f"fill:{GROUND};stroke:{ACCENT};stroke-width:2"
_TEST = f"fill:{ACCENT}"

Row = tuple[str, Figure | None, Figure | None]


def runs_plot(key: str, bests: Sequence[tuple[str, Finalist | None]], metric: str) -> str:
    """A row a run: the best prompt on test with its interval, on dev beside; "" without any figure.

    Args:
        key: tells this plot from the others of the page.
        bests: name of each run and its best prompt.
    """
    shown: list[Row] = [
        (name, None if best is None else best.dev, None if best is None else best.test)
        for name, best in bests
    ]
    values = [value for _, dev, test in shown for value in _values(dev, test)]
    if not values:
        return ""
    low, high = percent_ends(values)
    parts, top = legend(_LEGEND, 4)
    rows = rows_for([name for name, _, _ in shown], ["100.0"], top + 6)
    scale = rows.scale(low, high)
    parts += bottom_axis(scale, rows.top, rows.foot, f"{metric}, in percent")
    for i, row in enumerate(shown):
        parts += [rows.label(i, row[0]), _drawn(row, scale, rows.middle(i))]
        if row[2] is not None:
            parts.append(rows.figure(i, percent(row[2].value)))
    title = f"{metric} of the best prompt of {len(shown)} runs on test and dev"
    return picture(f"runs-{key}", rows.foot + 48, title, "; ".join(map(_told, shown)), parts)


_LEGEND: list[tuple[Mark, str]] = [
    (lambda x, y: line_mark(WHISKER)(x, y) + dot_mark(_TEST)(x, y), "test, with 95 % interval"),
    (dot_mark(_DEV), "dev"),
]


def _values(dev: Figure | None, test: Figure | None) -> list[float]:
    found = [] if dev is None else [dev.value]
    return found if test is None else [*found, test.low, test.value, test.high]


def _drawn(row: Row, scale: Linear, y: float) -> str:
    _, dev, test = row
    if dev is None and test is None:
        return text(scale.start, y + FONT * 0.35, "no figures", colour=FAINT)
    parts = []
    if test is not None:
        parts += [whisker(test, scale, y), dot(scale.place(100 * test.value), y, 5, _TEST)]
    if dev is not None:
        parts.append(dot(scale.place(100 * dev.value), y, 5, _DEV))
    return group(parts, title=_told(row))


def _told(row: Row) -> str:
    name, dev, test = row
    told = [] if test is None else [f"test {percent(test.value)}"]
    told += [] if dev is None else [f"dev {percent(dev.value)}"]
    return f"{name}: {', '.join(told) or 'no figures'}"
