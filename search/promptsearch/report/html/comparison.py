"""Several runs side by side as one HTML file that opens offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from promptsearch.report.comparing import ADVICE, Group, headline
from promptsearch.report.html.environment import rendered


def comparison_page(groups: Sequence[Group], plots: Mapping[str, str]) -> str:
    """The comparison as HTML; the page loads nothing, and whatever comes from runs is escaped.

    Args:
        plots: letter of a group -> its plot as SVG, "" where there is nothing to show.
    """
    return rendered(
        "runs.html.j2",
        groups=groups,
        runs=[run for group in groups for run in group.runs],
        headline=headline(groups),
        advice=ADVICE,
        plots={letter: Markup(svg) for letter, svg in plots.items()},
    )
