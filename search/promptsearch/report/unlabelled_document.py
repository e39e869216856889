"""The report of a search without labels, as data; see `ReportDocument`."""

from __future__ import annotations

from datetime import UTC, datetime

from promptsearch.report.document import (
    Finalist,
    Paragraph,
    ReportDocument,
    Section,
    TableBlock,
    TaskSummary,
)
from promptsearch.report.records import figure_or_none, summary_of, task_record
from promptsearch.report.unlabelled_discovery import (
    TELLING,
    comparison_rows,
    comparison_titles,
    method,
    next_rows,
    outcome,
    verdicts,
)
from promptsearch.report.usage import filled_in, python_lines
from promptsearch.showing import whole_text
from promptsearch.study.artefacts import versions
from promptsearch.study.finalist import MAJORITY
from promptsearch.study.found_without_labels import COMPARED, FoundWithoutLabels


def report_document(found: FoundWithoutLabels) -> ReportDocument:
    """The report as data. Nothing is on dev: there is none."""
    template, first = found.best.informed.candidate.template, found.task.train[0]
    return ReportDocument(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        task=_task(found),
        answer=outcome(found),
        verdicts=tuple(verdicts(found)),
        notices=tuple(map(whole_text, found.notices)),
        prompt=found.prompt.document.model_dump(mode="json"),
        example=whole_text(filled_in(template, first)),
        use=python_lines(template, first),
        finalists=_finalists(found),
        compared=min(COMPARED, len(found.ranked)),
        alike=found.alike,
        n_candidates=len(found.ranked),
        rejected=tuple(dict.fromkeys(item.reason for item in found.rejected)),
        sections=(_section(found),),
        interrupted=found.interrupted,
        labelled=False,
        seconds=found.seconds,
        command=whole_text(found.command),
        environment={**versions(), "dtype": found.prompt.document.plm.dtype or ""},
    )


def _task(found: FoundWithoutLabels) -> TaskSummary:
    splits = {"unlabelled texts": found.n_texts, "test": len(found.task.test)}
    return task_record(found.task, splits, shots=0, seed=found.seed)


def _section(found: FoundWithoutLabels) -> Section:
    """What the choice rests on."""
    titles = ("mutual information", "PLM", "template", "label words", "calibration")
    return Section(
        title="Ranked without labels",
        blocks=(
            Paragraph(text=f"{method(found)} {TELLING}"),
            TableBlock(titles=comparison_titles(found), rows=tuple(comparison_rows(found))),
            Paragraph(text="The next most telling combinations:"),
            TableBlock(titles=titles, rows=tuple(next_rows(found))),
        ),
    )


def _finalists(found: FoundWithoutLabels) -> tuple[Finalist, ...]:
    """The prompts of the comparison, and the majority class."""
    metric, names = found.task.metric, found.task.label_names
    rows = [
        Finalist(
            role=each.role,
            prompt=summary_of(each.informed, names),
            dev=None,
            test=figure_or_none(each.test, metric),
        )
        for each in found.finalists
    ]
    return (
        *rows,
        Finalist(role=MAJORITY, prompt=None, dev=None, test=figure_or_none(found.majority, metric)),
    )
