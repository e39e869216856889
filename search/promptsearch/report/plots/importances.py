"""The plot of what part of the choice explains how much of the spread on dev."""

from __future__ import annotations

from promptsearch.report.document import ReportDocument
from promptsearch.report.plots.rows import rows_for
from promptsearch.report.plots.scale import percent
from promptsearch.report.plots.svg import ACCENT, element, picture

_BAR = 18


def importances_plot(document: ReportDocument) -> str:
    """A bar a parameter, the longest first."""
    ranked = sorted(document.importances, key=lambda importance: -importance.share)
    if not ranked:
        return ""
    figures = [f"{percent(importance.share)} %" for importance in ranked]
    rows = rows_for([importance.parameter for importance in ranked], figures, 6)
    scale = rows.scale(0.0, ranked[0].share or 1.0)
    parts: list[str] = []
    for i, importance in enumerate(ranked):
        wide = scale.place(importance.share) - scale.place(0.0)
        bar = element(
            "rect",
            x=scale.place(0.0),
            y=rows.middle(i) - _BAR / 2,
            width=max(wide, 1.0),
            height=_BAR,
            rx=2,
            style=f"fill:{ACCENT}",
        )
        parts += [rows.label(i, importance.parameter), bar, rows.figure(i, figures[i])]
    desc = ", ".join(f"{importance.parameter} {percent(importance.share)} %" for importance in ranked)
    return picture("importances", rows.foot + 6, "what explains the spread on dev", desc, parts)
