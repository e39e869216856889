"""The report in Markdown, from the document alone."""

from __future__ import annotations

from collections.abc import Collection

from promptsearch.report.blocks_markdown import block_markdown, picture
from promptsearch.report.document import PromptSummary, ReportDocument
from promptsearch.report.drawings import drawings
from promptsearch.report.html.figures import time_told
from promptsearch.report.html.parts import Part, parts_of
from promptsearch.report.html.prompts import best_prompt, listed
from promptsearch.report.markdown_details import PARTS as DETAILS
from promptsearch.report.markdown_tables import best_of_all, comparison, words_cell
from promptsearch.report.marks import code, escape, fenced, table
from promptsearch.report.plots import spread_sentence
from promptsearch.report.titles import task_title
from promptsearch.report.words import CELL
from promptsearch.showing import printable

_ALTERNATIVES = {
    "candidates": "All candidates on dev",
    "history": "The best on dev over time",
    "front": "Dev against the cost of a prediction",
    "importances": "What explains the spread on dev",
    "sensitivity": "The best prompt under small changes",
    "seeds": "Dev and test over several draws",
}
_REJECTED = 20
_WORDS = 40
"""Words of a label that are listed where no section of its own lists them."""


def markdown(document: ReportDocument) -> str:
    """The report as text, its parts in the order of the page; pictures are files beside it."""
    drawn = drawings(document)
    parts = [*_head(document)]
    for part in parts_of(document, drawn):
        parts += [f"## {escape(part.title)}", *_part(document, part, drawn)]
    return printable("\n\n".join(part for part in parts if part) + "\n")


def _head(document: ReportDocument) -> list[str]:
    told = []
    if document.interrupted:
        told.append("The search was stopped before its end; this is what it had found by then.")
    if not document.labelled:
        told.append("Nothing was measured with labels: prompts were ranked without them.")
    return [
        f"# Best prompt for {task_title(document.task, code)}",
        escape(document.answer),
        *(f"> {escape(notice)}" for notice in (*told, *document.notices)),
        "\n".join(f"- {escape(verdict)}" for verdict in document.verdicts),
    ]


def _part(document: ReportDocument, part: Part, drawn: Collection[str]) -> list[str]:
    if part.section is not None:
        return [block_markdown(block) for block in part.section.blocks]
    makers = {"prompt": _prompt, "comparison": _comparison, "candidates": _candidates, **DETAILS}
    makers["reproduce"] = _reproduce
    picture_of = [picture(f"{part.anchor}.svg", _ALTERNATIVES[part.anchor])] if part.anchor in drawn else []
    before = makers[part.anchor](document) if part.anchor in makers else []
    return [*before[:1], *picture_of, *before[1:]]


def _prompt(document: ReportDocument) -> list[str]:
    best = best_prompt(document)
    if best is None:
        return ["", fenced(document.use, "python")]
    read = f", labels read by the {escape(best.readout)}" if best.readout else ""
    return [
        fenced(best.template),
        _words(best),
        f"PLM {code(best.plm)}, calibration {code(best.calibration)}{read}, found by {code(best.engine)}. "
        "With an example filled in:",
        fenced(document.example),
        "In Python:",
        fenced(document.use, "python"),
    ]


def _words(best: PromptSummary) -> str:
    if own := words_cell(best, only_own=True):
        return f"Label words: {own}."
    # The section on label words lists them at length.
    most = CELL if best.engine == "words" else _WORDS
    return table(("label", "words"), [(entry.label, listed(entry, most)) for entry in best.words])


def _comparison(document: ReportDocument) -> list[str]:
    gaps = any(row.to_best is not None for row in document.finalists)
    told = "Figures in percent with 95 % intervals."
    if gaps:
        told += " Differences in points on the same test examples, with paired 95 % intervals."
    return [comparison(document.finalists, document.task.metric), told]


def _candidates(document: ReportDocument) -> list[str]:
    told = f"{document.n_candidates:,} combinations of template, label words, PLM and calibration were tried"
    if document.compared > 1:
        told += f"; {document.compared:,} that were likeliest on train were compared on dev"
    told += ", and test was scored once." if document.labelled else "."
    spread = spread_sentence(document)
    return [
        f"{told} How far they lie apart is what picking one by hand leaves to luck.",
        f"On dev, in percent: {escape(spread)}." if spread else "",
        *best_of_all(document),
    ]


def _reproduce(document: ReportDocument) -> list[str]:
    task = document.task
    splits = ", ".join(f"{name} {n:,}" for name, n in task.splits.items())
    shots = "" if task.shots is None else f" ({task.shots} shots a label)"
    in_place = f" in place of {code(task.stand_in_for)}" if task.stand_in_for else ""
    lines = [
        f"- Task: {code(task.name)}{in_place}, {escape(task.kind)}, {len(task.labels):,} labels; "
        f"data: {code(task.source)}, fingerprint `{task.fingerprint[:16]}`.",
        f"- Examples: {escape(splits)}{shots}; seed {task.seed}. The seed fixes which examples are drawn for "
        "train and dev, the order of the search, and the starts of what is learned.",
        f"- Time: {time_told(document.seconds, document.seconds_on_top)}.",
        "- " + ", ".join(f"{escape(name)} {escape(value)}" for name, value in document.environment.items()),
    ]
    if document.rejected:
        shown = "; ".join(document.rejected[:_REJECTED])
        lines.append(f"- Could not be tried (candidates): {escape(shown)}.")
    command = fenced(document.command, "sh") if document.command else ""
    return [command, "\n".join(line for line in lines if line != "- ")]
