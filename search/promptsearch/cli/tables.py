"""Tables for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from promptsearch.study.result import Discovery

WIDE = 110


def best_prompt(found: Discovery) -> RenderableType:
    """Template, label words, PLM and calibration of the winner."""
    trial = found.best.trial
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("template", template_text(str(trial.candidate.template)))
    for name, answers in zip(found.task.label_names, trial.candidate.verbalizer.answers):
        grid.add_row(Text(name), Text(", ".join(answer.text for answer in answers)))
    grid.add_row("PLM", Text(trial.plm))
    grid.add_row("calibration", Text(trial.calibration.method))
    return grid


def template_text(source: str) -> Text:
    """A template with its pieces in colour; line ends are shown."""
    from promptsearch.template import Mask, Template
    from promptsearch.template import Text as Words

    text = Text()
    for piece in Template.parse(source).pieces:
        style = "" if isinstance(piece, Words) else "bold magenta" if isinstance(piece, Mask) else "cyan"
        text.append(str(piece).replace("\n", "⏎\n"), style=style)
    return text


def comparison(found: Discovery, width: int) -> Table:
    """Best, best of the other PLMs, manual prompts, majority; figures in percent with 95 % intervals."""
    from promptsearch.report.rows import rows_of

    metric = found.task.metric
    n_dev, n_test = found.majority_dev.n, found.majority_test.n
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="bold", pad_edge=False)
    table.add_column("prompt", overflow="fold", ratio=3)
    table.add_column(f"dev\n{metric} %\nn={n_dev}", justify="right", no_wrap=True)
    table.add_column(f"test\n{metric} %\nn={n_test}", justify="right", no_wrap=True)
    table.add_column("tokens\na text", justify="right", no_wrap=True)
    for i, row in enumerate(rows_of(found)):
        head = Text(row.name, style="bold" if i == 0 else "")
        if row.plm != "–":
            head.append(f"  {row.plm}", style="cyan")
        lines: list[Text] = [head]
        if row.template != "–":
            lines.append(Text("  ").append_text(template_text(row.template.replace("\n", "⏎"))))
            lines.append(Text(f"  {row.short_words}; calibration {row.calibration}", style="dim"))
        table.add_row(Group(*lines), _figure(row.dev), _figure(row.test), row.tokens, end_section=True)
    return table


def _figure(text: str) -> Text:
    value, _, rest = text.partition(" ")
    return (
        Text(value, style="bold").append("\n" + rest.rsplit(" n=", 1)[0], style="dim") if rest else Text(text)
    )
