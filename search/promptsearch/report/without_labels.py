"""The report of a search for label words without labelled examples."""

from __future__ import annotations

from pathlib import Path

from promptsearch.paths import atomic_write
from promptsearch.report.blocks_markdown import block_markdown
from promptsearch.report.document import PictureBlock
from promptsearch.report.label_words import StepRow, step_row
from promptsearch.report.marks import code, escape, fenced
from promptsearch.report.titles import task_title
from promptsearch.report.words_section import steps_block, steps_table, words_blocks
from promptsearch.showing import printable
from promptsearch.study.unlabelled import WordsFound


def write(path: Path, found: WordsFound) -> None:
    """Write the report, and its picture beside it where something was measured."""
    if (picture := steps_moving(found)) is not None:
        atomic_write(path.with_name(picture.file), picture.svg)
    atomic_write(path, printable(markdown(found)))


def steps_moving(found: WordsFound) -> PictureBlock | None:
    """The picture of the steps on test; None where nothing was measured."""
    if found.majority is None:
        return None
    metric = found.task.metric
    lines = [("most frequent class of test", found.majority.value(metric))]
    return steps_block(step_rows(found), metric, "test", lines)


def step_rows(found: WordsFound) -> list[StepRow]:
    """One row a step, the chain first."""
    rows = [step_row(step.candidate, step.test) for step in found.steps]
    return sorted(rows, key=lambda row: row.step is None)


def markdown(found: WordsFound) -> str:
    """The report as text."""
    task, last = found.task, found.chosen
    picture = steps_moving(found)
    steps = [step.candidate for step in found.steps]
    blocks = [
        *([] if picture is None else [picture]),
        steps_table(step_rows(found), task.metric, "test"),
        *words_blocks(last.candidate, task.label_names, steps),
    ]
    parts = [
        f"# Label words for {task_title(task, code)}, without labels",
        outcome(found),
        *(f"> {escape(notice)}" for notice in task.notices),
        "## The prompt",
        fenced(str(found.template)),
        f"PLM {code(found.plm)}, calibration {code(found.prompt.document.calibration.method)}, "
        f"fitted on {found.n_texts} texts.",
        "## Label words",
        *map(block_markdown, blocks),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def outcome(found: WordsFound) -> str:
    """What was measured, in a sentence or two."""
    last, metric = found.chosen.test, found.task.metric
    if last is None or found.majority is None:
        return "Nothing was measured: there are no labels."
    low, high = last.interval(metric)
    return (
        f"{100 * last.value(metric):.1f} % {metric} on {last.n} test examples (95 % interval {100 * low:.1f} "
        f"to {100 * high:.1f}); their most frequent class has {100 * found.majority.value(metric):.1f} %. No "
        "label was looked at before, and nothing was chosen by these figures."
    )
