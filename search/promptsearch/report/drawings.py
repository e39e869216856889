"""The plots of a report by the name of the part they stand in, which is their file's too."""

from __future__ import annotations

from promptsearch.report import plots
from promptsearch.report.document import ReportDocument


def all_drawings(document: ReportDocument) -> dict[str, str]:
    """Name -> SVG, empty where there is nothing to show."""
    draws = {
        "candidates": plots.candidates_plot,
        "history": plots.history_plot,
        "front": plots.front_plot,
        "importances": plots.importances_plot,
        "sensitivity": plots.sensitivity_plot,
        "seeds": plots.seeds_plot,
    }
    return {name: draw(document) for name, draw in draws.items()} | plots.trigger_plots(document)


def drawings(document: ReportDocument) -> dict[str, str]:
    """Name -> SVG, of those that have something to show."""
    return {name: svg for name, svg in all_drawings(document).items() if svg}


def pictures(document: ReportDocument) -> dict[str, str]:
    """File name -> SVG, of everything that `report.md` shows as a file beside it."""
    found = {f"{name}.svg": svg for name, svg in drawings(document).items()}
    for section in document.sections:
        found |= {block.file: block.svg for block in section.blocks if block.kind == "picture"}
    return found
