"""The report of a search, as data."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import numpy as np

from promptsearch.report.document import Finalist, Gap, ReportDocument, Section, TaskSummary
from promptsearch.report.looked_at import (
    confusion_record,
    hard_examples,
    history_points,
    importance_records,
    seed_rows,
    transfer_record,
    variations,
)
from promptsearch.report.mining_section import mined_section
from promptsearch.report.points import candidate_points
from promptsearch.report.records import (
    cost_of,
    cost_of_ensemble,
    figure_or_none,
    figure_record,
    gap_record,
    summary_of,
    summary_of_ensemble,
    task_record,
)
from promptsearch.report.rows import answer_sentence
from promptsearch.report.soft_section import soft_section
from promptsearch.report.trigger_courses import course_of
from promptsearch.report.usage import filled_in, python_lines
from promptsearch.report.verdicts import verdicts
from promptsearch.report.words_section import words_section
from promptsearch.scoring import paired_difference
from promptsearch.showing import whole_text
from promptsearch.study.finalist import MAJORITY, TOGETHER
from promptsearch.study.result import Discovery
from promptsearch.tasks.task import gold, majority


def report_document(discovery: Discovery) -> ReportDocument:
    """All that a report says of a search."""
    template, first = discovery.best.trial.candidate.template, discovery.task.dev[0]
    return ReportDocument(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        task=_task(discovery),
        answer=answer_sentence(discovery),
        verdicts=tuple(verdicts(discovery)),
        notices=tuple(map(whole_text, discovery.notices)),
        prompt=discovery.prompt.document.model_dump(mode="json"),
        example=whole_text(filled_in(template, first)),
        use=python_lines(template, first),
        finalists=finalists(discovery),
        compared=discovery.screened,
        alike=discovery.alike,
        candidates=candidate_points(discovery),
        n_candidates=len(discovery.trials),
        rejected=_rejected(discovery),
        history=history_points(discovery),
        importances=importance_records(discovery),
        confusion=confusion_record(discovery),
        hardest=hard_examples(discovery),
        sensitivity=variations(discovery),
        transfer=transfer_record(discovery),
        seeds=seed_rows(discovery),
        sections=_sections(discovery),
        triggers=tuple(course_of(search, discovery.task.label_names) for search in discovery.triggers),
        interrupted=discovery.interrupted,
        seconds=discovery.seconds,
        seconds_on_top=discovery.seconds_on_top,
        command=whole_text(discovery.command),
        environment=dict(discovery.environment),
    )


def finalists(discovery: Discovery) -> tuple[Finalist, ...]:
    """Rows of the comparison: single prompts, the best of them together, the majority class."""
    metric, names = discovery.task.metric, discovery.task.label_names
    rows = [
        Finalist(
            role=each.role,
            prompt=summary_of(each.trial, names),
            dev=figure_record(each.trial.dev, metric),
            test=figure_or_none(each.test, metric),
            cost=cost_of(each.trial, each.milliseconds),
            to_best=gap_record(each.to_best),
        )
        for each in discovery.finalists
    ]
    if (together := discovery.together) is not None:
        rows.append(
            Finalist(
                role=TOGETHER,
                prompt=summary_of_ensemble(together),
                dev=figure_record(together.dev, metric),
                test=figure_or_none(together.test, metric),
                cost=cost_of_ensemble(together),
                to_best=gap_record(together.to_best),
            )
        )
    majority_row = Finalist(
        role=MAJORITY,
        prompt=None,
        dev=figure_record(discovery.majority_dev, metric),
        test=figure_record(discovery.majority_test, metric),
        to_best=_to_majority(discovery),
    )
    return (*rows, majority_row)


def _to_majority(discovery: Discovery) -> Gap | None:
    """How much the best is better than always the same answer, on the same test examples."""
    task, answers = discovery.task, discovery.best.predictions
    labels = gold(task.test)
    if discovery.best.test is None or answers is None or len(answers) != len(labels):
        return None
    same = np.full(len(labels), majority(task.train))
    return gap_record(paired_difference(answers, same, np.asarray(labels), task.metric))


def _task(discovery: Discovery) -> TaskSummary:
    task = discovery.task
    splits = {name: len(task.splits[name]) for name in ("train", "dev", "test")}
    return task_record(task, splits, task.shots, task.seed or 0)


def _rejected(discovery: Discovery) -> tuple[str, ...]:
    """Why candidates could not be tried, the most frequent reason first, with how many it kept out."""
    reasons = Counter(rejected.reason for rejected in discovery.rejected)
    return tuple(f"{reason} ({number:,})" for reason, number in reasons.most_common())


def _sections(discovery: Discovery) -> tuple[Section, ...]:
    found = (mined_section(discovery), words_section(discovery), soft_section(discovery))
    return tuple(section for section in found if section is not None)
