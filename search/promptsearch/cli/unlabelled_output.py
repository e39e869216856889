"""What `promptsearch discover --shots 0` shows, and what it prints as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from promptsearch.cli import screen
from promptsearch.cli.tables import files_line, template_text, use_line
from promptsearch.showing import printable

_PROMPT = 5
"""Columns of the comparison that say which prompt it is."""

if TYPE_CHECKING:
    from promptsearch.study.found_without_labels import FoundWithoutLabels


def print_found(found: FoundWithoutLabels, as_json: bool) -> None:
    """What was found, for people or for machines."""
    if as_json:
        screen.print_json(record(found))
    else:
        show(found)


def show(found: FoundWithoutLabels) -> None:
    """The prompt that tells most about the texts, the comparison, and where the files are."""
    from promptsearch.report import unlabelled_discovery as report

    console = screen.stdout()
    best = found.best.informed
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", max_width=24, overflow="fold")
    grid.add_column(overflow="fold")
    grid.add_row("template", template_text(str(best.candidate.template)))
    for label, words in report.words_rows(found):
        grid.add_row(Text(printable(label)), Text(printable(words)))
    grid.add_row("PLM", Text(printable(best.plm)))
    grid.add_row("calibration", Text(best.calibration.method))
    name = found.task.stand_in_for or found.task.name
    title = Text(printable(f"Most telling prompt for {name}, without labels"))
    console.print(Panel(grid, title=title, title_align="left", border_style="green"))
    console.print(_comparison(found))
    for sentence in (report.outcome(found), *report.verdicts(found)):
        console.print(Text(printable(sentence)))
    console.print(Text(printable(f"\n{files_line(found.folder)}")))
    console.print(use_line(found.folder))


def _comparison(found: FoundWithoutLabels) -> Table:
    """A line of figures for each prompt, with the prompt below its name."""
    from promptsearch.report import unlabelled_discovery as report

    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="bold", pad_edge=False)
    titles = report.comparison_titles(found)
    table.add_column("prompt", overflow="fold", ratio=3)
    for name in titles[_PROMPT:]:
        table.add_column(name, overflow="fold", ratio=1)
    for role, plm, template, words, calibration, *figures in report.comparison_rows(found):
        head = Text(role, style="bold")
        lines: list[RenderableType] = [head]
        if plm != "–":
            head.append(f"  {printable(plm)}", style="cyan")
            below = Text(printable(f"{words}; calibration {calibration}"), style="dim")
            lines += [Padding(template_text(template), (0, 0, 0, 2)), Padding(below, (0, 0, 0, 2))]
        table.add_row(Group(*lines), *(Text(printable(cell)) for cell in figures))
    return table


def record(found: FoundWithoutLabels) -> dict[str, Any]:
    """All of that for machines."""
    from promptsearch.report import unlabelled_discovery as report

    titles = report.comparison_titles(found)
    return {
        "folder": str(found.folder),
        "stand_in_for": found.task.stand_in_for,
        "labelled": False,
        "interrupted": found.interrupted,
        "seconds": round(found.seconds, 2),
        "texts": found.n_texts,
        "verdicts": report.verdicts(found),
        "comparison": [dict(zip(titles, row)) for row in report.comparison_rows(found)],
        "prompt": found.prompt.document.model_dump(mode="json"),
    }
