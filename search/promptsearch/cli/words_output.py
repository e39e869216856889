"""What `promptsearch words` shows: how figures move from the labels' names to the chosen words."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from promptsearch.cli import screen
from promptsearch.cli.tables import template_text
from promptsearch.showing import count, printable

if TYPE_CHECKING:
    from promptsearch.engines.base import Candidate
    from promptsearch.scoring import Evaluation
    from promptsearch.study.result import Discovery
    from promptsearch.study.trial import Trial
    from promptsearch.study.unlabelled import WordsFound
    from promptsearch.verbalizer import Verbalizer

_SHOWN = 30  # words of a label


def show_searched(found: Discovery, json: bool) -> None:
    """A search with labelled examples: steps by dev, the best prompt by test."""
    trials = sorted(words_trials(found), key=_order)
    if json:
        screen.print_json(_searched_record(found, trials))
        return
    from promptsearch.report.rows import answer_sentence, verdicts

    console, metric = screen.stdout(), found.task.metric
    best = found.best.trial
    _show_words(
        console, str(best.candidate.template), best.candidate.verbalizer, found.task.label_names, best.plm
    )
    rows = [
        (
            _name(trial.candidate),
            str(trial.candidate.verbalizer.size),
            str(_dropped(trial.candidate)),
            percent(trial.dev, metric),
            f"{trial.cost:.0f}",
            "best" if trial is best else "",
        )
        for trial in trials
    ]
    console.print(
        _table(("step or method", "words", "dropped", f"dev {metric} %", "tokens a text", ""), rows)
    )
    console.print(
        Text(f"Dev has {count(len(found.task.dev), 'example')}; the best is chosen on it.", style="dim")
    )
    _show_notes(console, [trial.candidate for trial in trials])
    if best.candidate.engine != "words":
        console.print(Text("No words that were found do better on dev than those of the library."))
    console.print(Text(answer_sentence(found)))
    for verdict in verdicts(found):
        console.print(Text(verdict))
    _show_files(
        console,
        str(found.folder),
        found.seconds,
        "best_prompt.json, report.md, candidates.jsonl, config.json",
    )


def show_found(found: WordsFound, json: bool) -> None:
    """A search without labelled examples: nothing was chosen, so every step is shown by test."""
    if json:
        screen.print_json(_found_record(found))
        return
    console, metric = screen.stdout(), found.task.metric
    last = found.steps[-1]
    _show_words(console, str(found.template), last.candidate.verbalizer, found.task.label_names, found.plm)
    rows = [
        (
            _name(step.candidate),
            str(step.candidate.verbalizer.size),
            str(_dropped(step.candidate)),
            percent(step.test, metric) if step.test else "–",
        )
        for step in found.steps
    ]
    console.print(_table(("step or method", "words", "dropped", f"test {metric} %"), rows))
    if found.majority is not None:
        console.print(
            Text(
                f"Test has {count(found.majority.n, 'example')}; its most frequent class has "
                f"{100 * found.majority.value(metric):.1f} %. No label was looked at before.",
                style="dim",
            )
        )
    else:
        console.print(Text("Nothing was measured: there are no labels.", style="dim"))
    _show_notes(console, [step.candidate for step in found.steps])
    _show_files(console, str(found.folder), found.seconds, "best_prompt.json, report.md")


def words_trials(found: Discovery) -> list[Trial]:
    """Trials of the engine `words` on the PLM of the best prompt."""
    plm = found.best.trial.plm
    return [trial for trial in found.trials if trial.candidate.engine == "words" and trial.plm == plm]


def percent(evaluation: Evaluation, metric: str) -> str:
    """A figure in percent with its interval."""
    low, high = evaluation.interval(metric)
    return f"{100 * evaluation.value(metric):.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def _order(trial: Trial) -> tuple[bool, int]:
    """The chain first, in order; the methods beside it as they came."""
    step = trial.candidate.provenance.get("step")
    return (step is None, step if isinstance(step, int) else 0)


def _name(candidate: Candidate) -> str:
    return str(candidate.provenance.get("method", ""))


def _dropped(candidate: Candidate) -> int:
    dropped = candidate.provenance.get("dropped", ())
    return len(dropped) if isinstance(dropped, Sequence) else 0


def _notes(candidates: Iterable[Candidate]) -> list[str]:
    told: list[str] = []
    for candidate in candidates:
        notes = candidate.provenance.get("notes", ())
        if isinstance(notes, Sequence) and not isinstance(notes, str):
            told += [str(note) for note in notes]
    return list(dict.fromkeys(told))


def _show_words(
    console: Console, template: str, verbalizer: Verbalizer, names: Sequence[str], plm: str
) -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", max_width=24, overflow="fold")
    grid.add_column(overflow="fold")
    grid.add_row("template", template_text(template))
    for name, answers in zip(names, verbalizer.answers):
        shown = ", ".join(answer.text for answer in answers[:_SHOWN])
        more = f" and {len(answers) - _SHOWN} more" if len(answers) > _SHOWN else ""
        grid.add_row(Text(printable(name)), Text(printable(shown + more)))
    grid.add_row("PLM", Text(printable(plm)))
    console.print(Panel(grid, title="Label words", title_align="left", border_style="green"))


def _show_notes(console: Console, candidates: Iterable[Candidate]) -> None:
    for note in _notes(candidates):
        console.print(Text(printable(note)))


def _show_files(console: Console, folder: str, seconds: float, files: str) -> None:
    console.print()
    console.print(Text(f"{seconds:.0f} s. Files in {folder}: {files}"))
    prompt = shlex.quote(f"{folder}/best_prompt.json")
    console.print(Text(f'Use it: promptsearch predict {prompt} "…"', style="dim"))


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(titles[0], overflow="fold")
    for title in titles[1:]:
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table


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
