"""What `promptsearch words` shows: how figures move from the labels' names to the chosen words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from promptsearch.cli import screen
from promptsearch.cli.tables import files_line, template_text, use_line
from promptsearch.showing import count, printable

if TYPE_CHECKING:
    from promptsearch.report.label_words import StepRow
    from promptsearch.scoring import Evaluation
    from promptsearch.study.result import Discovery
    from promptsearch.study.trial import Trial
    from promptsearch.study.unlabelled import WordsFound
    from promptsearch.tasks.task import Task
    from promptsearch.verbalizer import Verbalizer

_SHOWN = 30  # words of a label


def show_searched(found: Discovery, json: bool) -> None:
    """A search with labelled examples: steps by dev, the best prompt by test."""
    from promptsearch.report.label_words import notes_of, rows_of, words_trials
    from promptsearch.report.rows import answer_sentence
    from promptsearch.report.verdicts import verdicts

    trials = words_trials(found)
    if json:
        screen.print_json(_searched_record(found, trials))
        return
    console, best = screen.stdout(), found.best.trial
    _show_words(console, found.task, str(best.candidate.template), best.candidate.verbalizer, best.plm)
    console.print(_steps(rows_of(found, trials), found.task.metric, "dev"))
    dev = count(len(found.task.dev), "example")
    console.print(Text(f"Dev has {dev}; the best is chosen on it.", style="dim"))
    for note in notes_of(trial.candidate for trial in trials):
        console.print(Text(printable(note)))
    if best.candidate.engine != "words":
        console.print(Text("Of the words compared on dev, those of the library, shown above, were chosen."))
    if best.candidate.readout is not None:
        console.print(Text(f"Labels are read by the {best.candidate.readout.kind} readout, see report.md."))
    for sentence in (answer_sentence(found), *verdicts(found)):
        console.print(Text(sentence))
    _show_files(console, found.folder, found.seconds)


def show_found(found: WordsFound, json: bool) -> None:
    """A search without labelled examples: nothing was chosen, so every step is shown by test."""
    from promptsearch.report.label_words import notes_of
    from promptsearch.report.without_labels import outcome, step_rows

    if json:
        screen.print_json(_found_record(found))
        return
    console, last = screen.stdout(), found.chosen.candidate
    _show_words(console, found.task, str(found.template), last.verbalizer, found.plm)
    console.print(_steps(step_rows(found), found.task.metric, "test"))
    for note in notes_of(step.candidate for step in found.steps):
        console.print(Text(printable(note)))
    console.print(Text(outcome(found)))
    _show_files(console, found.folder, found.seconds)


def _show_words(console: Console, task: Task, template: str, verbalizer: Verbalizer, plm: str) -> None:
    names = task.label_names
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", max_width=24, overflow="fold")
    grid.add_column(overflow="fold")
    grid.add_row("template", template_text(template))
    for name, answers in zip(names, verbalizer.answers):
        shown = ", ".join(answer.text for answer in answers[:_SHOWN])
        more = f" and {len(answers) - _SHOWN} more" if len(answers) > _SHOWN else ""
        grid.add_row(Text(printable(name)), Text(printable(shown + more)))
    grid.add_row("PLM", Text(printable(plm)))
    title = f"Label words for {task.stand_in_for or task.name}"
    if task.stand_in_for:
        title += f" (on the sample {task.name!r})"
    console.print(Panel(grid, title=Text(title), title_align="left", border_style="green"))


def _steps(rows: Sequence[StepRow], metric: str, split: str) -> Table:
    """Every step with its figure; what it costs where that is known."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("step or method", overflow="fold")
    titles = ["words", "dropped", f"{split} {metric} %"]
    with_cost = any(row.cost is not None for row in rows)
    for title in [*titles, "tokens a text", ""] if with_cost else titles:
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        cells = [row.name, str(row.words), str(row.dropped), _percent(row.figure, metric)]
        if with_cost:
            cells += [f"{row.cost:.0f}" if row.cost is not None else "", "best" if row.chosen else ""]
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _percent(evaluation: Evaluation | None, metric: str) -> str:
    from promptsearch.report.rows import figure

    return figure(evaluation, metric, with_n=False)


def _show_files(console: Console, folder: Path, seconds: float) -> None:
    console.print()
    console.print(Text(printable(f"{seconds:.0f} s. {files_line(folder)}")))
    console.print(use_line(folder))


def _searched_record(found: Discovery, trials: Sequence[Trial]) -> Mapping[str, Any]:
    metric = found.task.metric
    best = found.best
    return {
        "folder": str(found.folder),
        "stand_in_for": found.task.stand_in_for,
        "notices": list(found.notices),
        "seconds": round(found.seconds, 2),
        "steps": [trial.record(metric) for trial in trials],
        "test": _figures(best.test, metric) if best.test else None,
        "prompt": found.prompt.document.model_dump(mode="json"),
    }


def _found_record(found: WordsFound) -> Mapping[str, Any]:
    metric = found.task.metric
    steps = [
        {
            "template": str(step.candidate.template),
            "answers": [
                {"label": label, "words": {answer.text: answer.weight for answer in answers}}
                for label, answers in zip(step.candidate.verbalizer.labels, step.candidate.verbalizer.answers)
            ],
            "provenance": dict(step.candidate.provenance),
            "test": _figures(step.test, metric) if step.test else None,
        }
        for step in found.steps
    ]
    return {
        "folder": str(found.folder),
        "stand_in_for": found.task.stand_in_for,
        "notices": list(found.task.notices),
        "seconds": round(found.seconds, 2),
        "texts": found.n_texts,
        "steps": steps,
        "prompt": found.prompt.document.model_dump(mode="json"),
    }


def _figures(evaluation: Evaluation, metric: str) -> Mapping[str, Any]:
    low, high = evaluation.interval(metric)
    return {"n": evaluation.n, "metric": metric, "value": evaluation.value(metric), "interval": [low, high]}
