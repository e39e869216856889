"""What `promptsearch tune` shows when it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from promptsearch.cli import screen
from promptsearch.cli.tables import files_line, template_text, use_line
from promptsearch.showing import printable

if TYPE_CHECKING:
    from promptsearch.tuning.outcome import Tuning

_WORDS = 3  # nearest words a soft token
_TOKENS = 12  # soft tokens whose nearest words are shown


def show(found: Tuning) -> None:
    """The prompt, its figures beside the others', what it took, and where the files are."""
    from promptsearch.report.tuning import cost_lines, outcome, verdicts
    from promptsearch.study.going_on import resume_command

    console = screen.stdout()
    task = found.task
    title = f"{found.config.title} for {task.stand_in_for or task.name}"
    if task.stand_in_for:
        title += f" (on the sample {task.name!r})"
    panel = Panel(_prompt(found), title=Text(printable(title)), title_align="left", border_style="green")
    console.print(panel)
    console.print(_figures(found))
    for sentence in (outcome(found), *verdicts(found), *cost_lines(found)):
        console.print(Text(printable(sentence)))
    if found.trained is not None and found.trained.ending == "stopped":
        console.print(Text(printable(f"Go on with it: {resume_command(found.folder, 'promptsearch tune')}")))
    if found.exported is not None:
        console.print(Text(printable(f"In peft's format: {found.exported}")))
    console.print()
    console.print(Text(printable(files_line(found.folder))))
    console.print(use_line(found.folder))


def _prompt(found: Tuning) -> Table:
    from promptsearch.engines.soft.nearest import CAUTION
    from promptsearch.report.words import short_words

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", max_width=24)
    grid.add_column(overflow="fold")
    grid.add_row("template", template_text(str(found.tuned.template)))
    grid.add_row("label words", Text(printable(short_words(found.tuned.words))))
    grid.add_row("PLM", Text(printable(found.prompt.document.plm.reference)))
    if found.nearest:
        shown = [", ".join(each.text for each in of[:_WORDS]) for of in found.nearest[:_TOKENS]]
        nearest = " · ".join([*shown, *(["…"] if len(found.nearest) > len(shown) else [])])
        grid.add_row("nearest words", Text(printable(nearest)))
        grid.add_row("", Text(CAUTION, style="dim"))
    return grid


def _figures(found: Tuning) -> Table:
    from promptsearch.report.rows import figure
    from promptsearch.report.tuning import role_of

    metric = found.task.metric
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("", overflow="fold")
    table.add_column("template", overflow="fold")
    for split in ("dev", "test"):
        table.add_column(f"{split} {metric} %", justify="right", no_wrap=True)
    for row in found.rows:
        cells = [Text(role_of(row, found)), template_text(str(row.template))]
        table.add_row(*cells, figure(row.dev, metric, with_n=False), figure(row.test, metric, with_n=False))
    dev, test = (figure(each, metric, with_n=False) for each in (found.majority_dev, found.majority_test))
    table.add_row("the majority class", "–", dev, test)
    return table
