"""The files of a comparison of runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from promptsearch.paths import atomic_write
from promptsearch.report.comparing import Group, comparison_markdown
from promptsearch.report.html.comparison import comparison_page
from promptsearch.report.plots.runs import runs_plot


def write_comparison(stem: Path, groups: Sequence[Group]) -> list[Path]:
    """Write STEM.html, STEM.md and the pictures that the latter shows: STEM-A.svg, …

    Returns:
        the page and the Markdown file.

    Raises:
        StorageError: a file cannot be written; none is left half-written.
    """
    plots = {
        group.letter: runs_plot(group.letter, [(run.name, run.best) for run in group.runs], group.task.metric)
        for group in groups
    }
    pictures = {letter: f"{stem.name}-{letter}.svg" for letter, svg in plots.items() if svg}
    for letter, name in pictures.items():
        atomic_write(stem.with_name(name), plots[letter])
    page, text = stem.with_name(f"{stem.name}.html"), stem.with_name(f"{stem.name}.md")
    atomic_write(text, comparison_markdown(groups, pictures))
    atomic_write(page, comparison_page(groups, plots))
    return [page, text]
