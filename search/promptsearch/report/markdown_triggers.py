"""The part of the report in Markdown on searches of triggers."""

from __future__ import annotations

from promptsearch.report.blocks_markdown import picture
from promptsearch.report.document import ReportDocument
from promptsearch.report.drawings import drawings
from promptsearch.report.marks import code, escape, table
from promptsearch.report.trigger_words import FIRST, LEGEND, TriggerView, trigger_views

_STARTS = ("template", "start", "steps", "loss", "ended with")


def triggers(document: ReportDocument) -> list[str]:
    """How triggers were searched on each PLM."""
    drawn, views = drawings(document), trigger_views(document)
    found = [escape(LEGEND)]
    for view in views:
        if len(views) > 1:
            found.append(f"### {escape(view.course.plm)}")
        found += [escape(view.account), *(escape(note) for note in view.course.notes)]
        if view.plot in drawn:
            found.append(picture(f"{view.plot}.svg", f"Loss and dev over time on {view.course.plm}"))
        found += _tables(view)
    return found


def _tables(view: TriggerView) -> list[str]:
    found = []
    if view.rows:
        found.append(table([escape(title) for title in view.titles], view.rows))
    if view.left_out:
        found.append(
            f"{view.left_out} between the first {FIRST} and the others are in {code('report.json')} alone."
        )
    if view.starts:
        found.append(table(_STARTS, view.starts))
    if view.more_starts:
        found.append(f"{view.more_starts} more starts are in {code('report.json')}.")
    return [*found, f"Settings: {escape(view.settings)}."]
