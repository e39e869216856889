"""The report as one HTML file: it loads nothing, and whatever comes from data or models is escaped."""

from __future__ import annotations

from markupsafe import Markup

from promptsearch.report.document import ReportDocument
from promptsearch.report.drawings import all_drawings
from promptsearch.report.html.environment import rendered
from promptsearch.report.html.parts import parts_of
from promptsearch.report.html.prompts import best_prompt
from promptsearch.report.plots import spread_sentence
from promptsearch.report.titles import task_title
from promptsearch.report.trigger_words import FIRST, LEGEND, trigger_views


def page(document: ReportDocument) -> str:
    """The report as HTML, from the document alone.

    Styles and script stand in the page, named by hash in its Content-Security-Policy; nothing else may run or
    be fetched. Pictures of engines are shown as images, so that nothing in them can act on the page.
    """
    drawn = {name: Markup(svg) for name, svg in all_drawings(document).items()}
    return rendered(
        "page.html.j2",
        document=document,
        title=task_title(document.task),
        metric=document.task.metric,
        best=best_prompt(document),
        parts=parts_of(document, {name for name, drawing in drawn.items() if drawing}),
        plots=drawn,
        spread=spread_sentence(document),
        triggers=trigger_views(document),
        legend_of_triggers=LEGEND,
        first_of_triggers=FIRST,
    )
