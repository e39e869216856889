"""The report as one HTML file: it loads nothing, and whatever comes from data or models is escaped."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from promptsearch.report import plots
from promptsearch.report.document import ReportDocument
from promptsearch.report.html.environment import rendered
from promptsearch.report.html.parts import parts_of
from promptsearch.report.html.prompts import best_prompt


def page(document: ReportDocument) -> str:
    """The report as HTML, from the document alone.

    Styles and script stand in the page, named by hash in its Content-Security-Policy; nothing else may run or
    be fetched. Pictures of engines are shown as images, so that nothing in them can act on the page.
    """
    drawn = _plots(document)
    return rendered(
        "page.html.j2",
        document=document,
        title=document.task.stand_in_for or document.task.name,
        metric=document.task.metric,
        best=best_prompt(document),
        parts=parts_of(document, {name for name, drawing in drawn.items() if drawing}),
        plots=drawn,
        spread=plots.spread_sentence(document),
    )


def _plots(document: ReportDocument) -> Mapping[str, Markup]:
    """Plots by the name of the part they stand in; empty where there is nothing to show."""
    drawings = {
        "candidates": plots.candidates_plot,
        "history": plots.history_plot,
        "front": plots.front_plot,
        "importances": plots.importances_plot,
        "sensitivity": plots.sensitivity_plot,
        "seeds": plots.seeds_plot,
    }
    return {name: Markup(draw(document)) for name, draw in drawings.items()}
