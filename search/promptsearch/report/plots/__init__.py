"""Plots of a report, each a pure function from the document to an inline SVG, "" where nothing can be shown.

A plot takes its colours from variables of the page around it: --ink, --faint, --grid, --ground, --accent,
--good and --series-1 to --series-6; without them it is drawn for a light page.
"""

from promptsearch.report.plots.candidates import candidates_plot
from promptsearch.report.plots.front import front_plot
from promptsearch.report.plots.history import history_plot
from promptsearch.report.plots.importances import importances_plot
from promptsearch.report.plots.seeds import seeds_plot
from promptsearch.report.plots.sensitivity import sensitivity_plot
from promptsearch.report.plots.spread import spread_sentence
from promptsearch.report.plots.triggers import trigger_plots

__all__ = [
    "candidates_plot",
    "front_plot",
    "history_plot",
    "importances_plot",
    "seeds_plot",
    "sensitivity_plot",
    "spread_sentence",
    "trigger_plots",
]
