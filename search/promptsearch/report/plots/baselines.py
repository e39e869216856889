"""What every candidate is measured against on dev: the majority class and the manual prompt."""

from __future__ import annotations

from promptsearch.report.document import ReportDocument

MANUAL_ENGINE = "manual"


def majority(document: ReportDocument) -> float | None:
    """The majority class on dev, where it was measured."""
    found = [row.dev.value for row in document.finalists if row.prompt is None and row.dev is not None]
    return found[0] if found else None


def manual_by_plm(document: ReportDocument) -> dict[str, float]:
    """The manual prompt on dev, a PLM: as a finalist, else the best of its forms."""
    found: dict[str, float] = {}
    for point in document.candidates:
        if point.manual and point.dev is not None:
            found[point.plm] = max(found.get(point.plm, -1.0), point.dev)
    for row in document.finalists:
        if row.role == MANUAL_ENGINE and row.prompt is not None and row.dev is not None:
            found[row.prompt.plm] = row.dev.value
    return found


def manual(document: ReportDocument) -> float | None:
    """The manual prompt on dev: the finalist of that role, or the best of any PLM."""
    for row in document.finalists:
        if row.role == MANUAL_ENGINE and row.dev is not None:
            return row.dev.value
    return max(manual_by_plm(document).values(), default=None)
