"""The report of a search without labels, as data; see `ReportDocument`."""

from __future__ import annotations

from datetime import UTC, datetime

from promptsearch.report.document import (
    Figure,
    Finalist,
    LabelWords,
    Paragraph,
    PromptSummary,
    ReportDocument,
    Section,
    TableBlock,
    TaskSummary,
)
from promptsearch.report.unlabelled_discovery import (
    TELLING,
    comparison_rows,
    comparison_titles,
    example,
    first_text,
    method,
    next_rows,
    outcome,
    verdicts,
)
from promptsearch.scoring import Evaluation
from promptsearch.study.artefacts import versions
from promptsearch.study.found_without_labels import COMPARED, FoundWithoutLabels, Judged
from promptsearch.study.informed import Informed
from promptsearch.study.trial import finite


def report_document(found: FoundWithoutLabels) -> ReportDocument:
    """The report as data. Nothing is on dev: there is none."""
    metric = found.task.metric
    majority = None if found.majority is None else _figure(found.majority, metric)
    return ReportDocument(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        task=_task(found),
        answer=outcome(found),
        verdicts=tuple(verdicts(found)),
        notices=found.notices,
        prompt=found.prompt.document.model_dump(mode="json", exclude_none=True),
        example=example(found),
        use=_use(found),
        finalists=(
            *(_finalist(each, metric) for each in found.finalists),
            Finalist(role="majority class", prompt=None, dev=None, test=majority),
        ),
        compared=min(COMPARED, len(found.ranked)),
        alike=found.alike,
        n_candidates=len(found.ranked),
        rejected=tuple(dict.fromkeys(item.reason for item in found.rejected)),
        sections=(_section(found),),
        interrupted=found.interrupted,
        labelled=False,
        seconds=found.seconds,
        command=found.command,
        environment={**versions(), "dtype": found.prompt.document.plm.dtype or ""},
    )


def _task(found: FoundWithoutLabels) -> TaskSummary:
    task = found.task
    return TaskSummary(
        name=task.name,
        stand_in_for=task.stand_in_for,
        kind=task.kind,
        labels=task.label_names,
        metric=task.metric,
        source=f"{task.source.kind} {task.source.location}".strip(),
        fingerprint=task.fingerprint,
        splits={"unlabelled texts": found.n_texts, "test": len(task.test)},
        shots=0,
        seed=found.seed,
    )


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


def _finalist(each: Judged, metric: str) -> Finalist:
    test = None if each.test is None else _figure(each.test, metric)
    return Finalist(role=each.role, prompt=_summary(each.informed), dev=None, test=test)


def _summary(each: Informed) -> PromptSummary:
    verbalizer = each.candidate.verbalizer
    return PromptSummary(
        plm=each.plm,
        engine=each.candidate.engine,
        template=str(each.candidate.template),
        words=tuple(
            LabelWords(label=str(label), words=tuple(answer.text for answer in answers))
            for label, answers in zip(verbalizer.labels, verbalizer.answers)
        ),
        calibration=each.calibration.method,
        readout=None if each.candidate.readout is None else each.candidate.readout.kind,
    )


def _figure(evaluation: Evaluation, metric: str) -> Figure:
    low, high = evaluation.interval(metric)
    return Figure(
        n=evaluation.n,
        value=evaluation.value(metric),
        low=low,
        high=high,
        log_likelihood=finite(evaluation.log_likelihood),
        unscored=evaluation.unscored,
    )


def _use(found: FoundWithoutLabels) -> str:
    fields, values = found.best.informed.candidate.template.fields, first_text(found).values
    text = (
        repr(values[fields[0]][:80])
        if len(fields) == 1
        else repr({name: values[name][:60] for name in fields})
    )
    return (
        "from promptsearch import load_prompt\n\n"
        f'prompt = load_prompt("best_prompt.json")\nprint(prompt.predict({text}))'
    )
