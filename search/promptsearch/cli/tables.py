"""Tables for the terminal."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from promptsearch.showing import printable

if TYPE_CHECKING:
    from promptsearch.study.result import Discovery

_LABELS = 20  # of more labels the first are shown
_WORDS = 300  # characters of label words in the comparison


def best_prompt(found: Discovery) -> RenderableType:
    """Template, label words, PLM and calibration of the winner."""
    # Not at the top: the report needs NumPy, which `--help` does without.
    from promptsearch.report.words import CELL, own_names

    trial = found.best.trial
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", max_width=24, overflow="fold")
    grid.add_column(overflow="fold")
    grid.add_row("template", template_text(str(trial.candidate.template)))
    own = own_names(trial.candidate.verbalizer)
    if own:
        grid.add_row("label words", own)
    labels = [] if own else list(zip(found.task.label_names, trial.candidate.verbalizer.answers))
    for name, answers in labels[:_LABELS]:
        shown = ", ".join(answer.text for answer in answers[:CELL])
        more = f" +{len(answers) - CELL}" if len(answers) > CELL else ""
        grid.add_row(_plain(name), _plain(shown + more))
    if len(labels) > _LABELS:
        grid.add_row("…", f"{len(labels)} labels in all")
    grid.add_row("PLM", _plain(trial.plm))
    grid.add_row("calibration", Text(trial.calibration.method))
    if trial.candidate.readout is not None:
        grid.add_row("read by", Text(trial.candidate.readout.kind))
    return grid


def files_line(folder: Path) -> str:
    """What a run has left, but for locks, which are nobody's to read."""
    names = sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")
    return f"Files in {folder}: {', '.join(names)}"


def use_line(folder: Path, file: str = "best_prompt.json") -> Text:
    """The command that uses a prompt of a run."""
    prompt = shlex.quote(str(folder / file))
    return Text(printable(f'Use it: promptsearch predict {prompt} "…"'), style="dim")


def template_text(source: str) -> Text:
    """A template with its pieces in colour; line ends are shown."""
    from promptsearch.template import Mask, Template
    from promptsearch.template import Text as Words

    text = Text()
    for piece in Template.parse(source).pieces:
        style = "" if isinstance(piece, Words) else "bold magenta" if isinstance(piece, Mask) else "cyan"
        text.append(printable(str(piece)).replace("\n", "⏎\n"), style=style)
    return text


def _plain(text: str) -> Text:
    return Text(printable(text))


def comparison(found: Discovery) -> Table:
    """The prompts compared, the best together, the majority class; percent with 95 % intervals."""
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
            head.append(f"  {printable(row.plm)}", style="cyan")
        lines: list[RenderableType] = [head]
        if row.template != "–":
            words = Text(f"{printable(_short(row.short_words))}; calibration {row.calibration}", style="dim")
            for text in (template_text(row.template.replace("\n", "⏎")), words):
                lines.append(Padding(text, (0, 0, 0, 2)))
        elif row.words != "–":
            lines.append(Padding(Text(printable(row.words), style="dim"), (0, 0, 0, 2)))
        table.add_row(Group(*lines), _figure(row.dev), _figure(row.test), row.tokens, end_section=True)
    return table


def _short(text: str) -> str:
    return text if len(text) <= _WORDS else text[:_WORDS] + "…"


def _figure(text: str) -> Text:
    value, _, rest = text.partition(" ")
    return (
        Text(value, style="bold").append("\n" + rest.rsplit(" n=", 1)[0], style="dim") if rest else Text(text)
    )
