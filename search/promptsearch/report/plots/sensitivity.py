"""The plot of the best prompt under small changes of its wording."""

from __future__ import annotations

from promptsearch.report.document import Figure, ReportDocument, Variation
from promptsearch.report.plots.axes import DASHED, Mark, bottom_axis, legend
from promptsearch.report.plots.marks import dot, dot_mark, line_mark
from promptsearch.report.plots.rows import WHISKER, rows_for, whisker
from promptsearch.report.plots.scale import Linear, percent, percent_ends
from promptsearch.report.plots.svg import ACCENT, FAINT, FONT, GOOD, group, line, picture, text

_UNCHANGED = f"stroke:{GOOD};{DASHED}"


def sensitivity_plot(document: ReportDocument) -> str:
    """A row a change, its figure on dev with its interval, the unchanged prompt as an upright line."""
    figures = [variation.figure for variation in document.sensitivity if variation.figure is not None]
    if not figures:
        return ""
    unchanged = document.finalists[0].dev if document.finalists else None
    ends = [end for figure in figures for end in (figure.low, figure.high)]
    low, high = percent_ends(ends + ([unchanged.value] if unchanged is not None else []))
    parts, top = legend(_legend(unchanged), 4)
    rows = rows_for([variation.change for variation in document.sensitivity], ["100.0"], top + 6)
    scale = rows.scale(low, high)
    metric = document.task.metric
    parts += bottom_axis(scale, rows.top, rows.foot, f"{metric} on dev, in percent")
    if unchanged is not None:
        x = scale.place(100 * unchanged.value)
        parts.append(group([line(x, rows.top, x, rows.foot)], _UNCHANGED))
    for i, variation in enumerate(document.sensitivity):
        parts += [rows.label(i, variation.change), _row(variation, scale, rows.middle(i))]
        if variation.figure is not None:
            parts.append(rows.figure(i, percent(variation.figure.value)))
    desc = ", ".join(_told(variation) for variation in document.sensitivity)
    title = f"{metric} on dev under small changes of the best prompt"
    return picture("sensitivity", rows.foot + 48, title, desc, parts)


def _legend(unchanged: Figure | None) -> list[tuple[Mark, str]]:
    entries: list[tuple[Mark, str]] = [
        (lambda x, y: line_mark(WHISKER)(x, y) + dot_mark(f"fill:{ACCENT}")(x, y), "with 95 % interval")
    ]
    if unchanged is not None:
        entries.append((line_mark(_UNCHANGED), f"unchanged {percent(unchanged.value)}"))
    return entries


def _row(variation: Variation, scale: Linear, y: float) -> str:
    if variation.figure is None:
        return text(scale.start, y + FONT * 0.35, "cannot be read", colour=FAINT)
    mark = dot(scale.place(100 * variation.figure.value), y, 5, f"fill:{ACCENT}")
    return group([whisker(variation.figure, scale, y), mark], title=variation.template)


def _told(variation: Variation) -> str:
    figure = variation.figure
    return f"{variation.change} {'cannot be read' if figure is None else percent(figure.value)}"
