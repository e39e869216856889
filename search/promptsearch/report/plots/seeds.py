"""The plot of several draws of the few-shot split: how much lower the chosen prompt is on test than dev."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptsearch.report.document import ReportDocument, SeedRow
from promptsearch.report.plots.axes import Mark, bottom_axis, legend
from promptsearch.report.plots.marks import HOLLOW, diamond, diamond_mark, dot, dot_mark
from promptsearch.report.plots.rows import rows_for
from promptsearch.report.plots.scale import Linear, percent, percent_ends
from promptsearch.report.plots.svg import ACCENT, GRID, GROUND, WIDTH, group, line, picture

_DEV = f"fill:{GROUND};stroke:{ACCENT};stroke-width:2"
_TEST = f"fill:{ACCENT}"
_JOIN = f"stroke:{ACCENT};stroke-width:2;stroke-opacity:.5"


@dataclass(frozen=True)
class _Row:
    """One draw, or the mean of all: shares on dev and test, the manual prompt's on test."""

    name: str
    dev: float
    test: float | None
    manual: float | None

    @property
    def values(self) -> list[float]:
        return [value for value in (self.dev, self.test, self.manual) if value is not None]

    @property
    def figures(self) -> str:
        """From dev to test."""
        return percent(self.dev) + ("" if self.test is None else f" → {percent(self.test)}")

    @property
    def told(self) -> str:
        names = (("dev", self.dev), ("test", self.test), ("manual", self.manual))
        return f"{self.name}: " + ", ".join(
            f"{name} {percent(value)}" for name, value in names if value is not None
        )


def seeds_plot(document: ReportDocument) -> str:
    """A row a seed, dev and test joined by a line, the manual prompt on test beside; the mean below."""
    if not document.seeds:
        return ""
    shown = [_row(seed) for seed in document.seeds]
    if len(shown) > 1:
        shown.append(_mean(shown))
    low, high = percent_ends([value for row in shown for value in row.values])
    parts, top = legend(_legend(shown), 4)
    rows = rows_for([row.name for row in shown], [row.figures for row in shown], top + 6)
    scale = rows.scale(low, high)
    metric = document.task.metric
    parts += bottom_axis(scale, rows.top, rows.foot, f"{metric}, in percent")
    if len(shown) > 1:
        y = rows.foot - (rows.foot - rows.top) / len(shown)
        parts.append(group([line(8, y, WIDTH - 6, y)], f"stroke:{GRID};stroke-width:2"))
    for i, row in enumerate(shown):
        parts += [rows.label(i, row.name), _drawn(row, scale, rows.middle(i)), rows.figure(i, row.figures)]
    title = f"{metric} of the chosen prompt on dev and on test, {len(document.seeds)} draws of the split"
    return picture("seeds", rows.foot + 48, title, "; ".join(row.told for row in shown), parts)


def _row(seed: SeedRow) -> _Row:
    test, manual = (None if figure is None else figure.value for figure in (seed.test, seed.manual))
    return _Row(f"seed {seed.seed}", seed.dev.value, test, manual)


def _mean(rows: Sequence[_Row]) -> _Row:
    """Means over the seeds; none of a figure that some seed lacks, so that like is compared."""

    def mean(values: Sequence[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if len(known) == len(values) else None

    dev = sum(row.dev for row in rows) / len(rows)
    return _Row("mean", dev, mean([row.test for row in rows]), mean([row.manual for row in rows]))


def _legend(rows: Sequence[_Row]) -> list[tuple[Mark, str]]:
    entries: list[tuple[Mark, str]] = [(dot_mark(_DEV), "dev")]
    if any(row.test is not None for row in rows):
        entries.append((dot_mark(_TEST), "test"))
    if any(row.manual is not None for row in rows):
        entries.append((diamond_mark(HOLLOW), "manual prompt on test"))
    return entries


def _drawn(row: _Row, scale: Linear, y: float) -> str:
    places = {name: scale.place(100 * value) for name, value in _named(row)}
    parts = []
    if "test" in places:
        parts.append(group([line(places["dev"], y, places["test"], y)], _JOIN))
    if "manual" in places:
        parts.append(diamond(places["manual"], y, 6, HOLLOW))
    if "test" in places:
        parts.append(dot(places["test"], y, 5, _TEST))
    parts.append(dot(places["dev"], y, 5, _DEV))
    return group(parts, title=row.told)


def _named(row: _Row) -> list[tuple[str, float]]:
    values = (("dev", row.dev), ("test", row.test), ("manual", row.manual))
    return [(name, value) for name, value in values if value is not None]
