"""What `promptsearch discover` shows, and what it prints as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from promptsearch.cli import screen
from promptsearch.cli.tables import best_prompt, comparison, files_line, use_line
from promptsearch.cli.trigger_output import trigger_sentences
from promptsearch.showing import printable
from promptsearch.study.going_on import resume_command

if TYPE_CHECKING:
    from promptsearch.scoring import Evaluation
    from promptsearch.study.ensembles import Ensemble
    from promptsearch.study.result import Discovery


def print_found(found: Discovery, as_json: bool) -> None:
    """What was found, for people or for machines."""
    if as_json:
        screen.print_json(record(found))
    else:
        show(found)


def show(found: Discovery) -> None:
    """The best prompt, the comparison, what follows from it, and where the files are."""
    from promptsearch.report.rows import answer_sentence
    from promptsearch.report.verdicts import verdicts

    console = screen.stdout()
    title = f"Best prompt for {found.task.stand_in_for or found.task.name}"
    if found.task.stand_in_for:
        title += f" (on the sample {found.task.name!r})"
    title = printable(title)
    console.print(Panel(best_prompt(found), title=Text(title), title_align="left", border_style="green"))
    console.print(comparison(found))
    console.print(Text(printable(answer_sentence(found))))
    for sentence in (*verdicts(found), *trigger_sentences(found)):
        console.print(Text(printable(sentence)))
    _show_files(console, found)


def record(found: Discovery) -> dict[str, Any]:
    """All of that for machines."""
    from promptsearch.report.verdicts import verdicts

    metric = found.task.metric
    finalists = []
    for finalist in found.finalists:
        entry = {"role": finalist.role, **finalist.trial.record(metric)}
        if finalist.test is not None:
            entry["test"] = figures(finalist.test, metric)
        finalists.append(entry)
    return {
        "folder": str(found.folder),
        "stand_in_for": found.task.stand_in_for,
        "interrupted": found.interrupted,
        "ended": found.ended,
        "evaluations": found.evaluations,
        "seconds": round(found.seconds, 2),
        "notices": list(found.notices),
        "verdicts": verdicts(found),
        "finalists": finalists,
        "together": None if found.together is None else together(found.together, metric),
        "majority": {
            "dev": found.majority_dev.value(metric),
            "test": found.majority_test.value(metric),
        },
        "triggers": [search.record() for search in found.triggers],
        "prompt": found.prompt.document.model_dump(mode="json"),
        "prompts": {file: prompt.document.model_dump(mode="json") for file, prompt in found.prompts.items()},
    }


def together(ensemble: Ensemble, metric: str) -> dict[str, Any]:
    """The best prompts as an ensemble, as JSON."""
    gap = ensemble.to_best
    return {
        "file": ensemble.file,
        "members": len(ensemble.members),
        "tokens": round(ensemble.cost, 2),
        "dev": figures(ensemble.dev, metric),
        "test": None if ensemble.test is None else figures(ensemble.test, metric),
        "to_best": None if gap is None else {"value": gap.value, "interval": [gap.low, gap.high]},
    }


def figures(evaluation: Evaluation, metric: str) -> dict[str, Any]:
    """A figure with its number of examples and interval, as JSON."""
    low, high = evaluation.interval(metric)
    return {"n": evaluation.n, "value": evaluation.value(metric), "interval": [low, high]}


def _show_files(console: Console, found: Discovery) -> None:
    tried = f"{len(found.trials):,} combinations tried in {found.seconds:.0f} s."
    console.print()
    console.print(Text(printable(f"{tried} {files_line(found.folder)}")))
    console.print(Text(printable(f"Read it: {found.folder / 'report.html'}"), style="dim"))
    if found.ended != "done":
        more = "" if found.interrupted else " (with more --minutes or --evaluations)"
        go_on = f"Go on: {resume_command(found.folder, found.command)}{more}"
        console.print(Text(printable(go_on), style="dim"))
    console.print(use_line(found.folder))
    for file in found.beside.values():
        console.print(use_line(found.folder, file))
