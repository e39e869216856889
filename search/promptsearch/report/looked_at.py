"""What a search looked at beside the choice, in the records of a report."""

from __future__ import annotations

from promptsearch.report.document import (
    Confusion,
    HardExample,
    HistoryPoint,
    Importance,
    SeedRow,
    Transfer,
    Variation,
)
from promptsearch.report.records import figure_or_none, figure_record, summary_of
from promptsearch.showing import whole_text
from promptsearch.study.result import Discovery
from promptsearch.study.trial import finite

MOST_LABELS = 50
"""Labels of a confusion matrix that can still be read."""


def history_points(discovery: Discovery) -> tuple[HistoryPoint, ...]:
    """How the best on dev moved."""
    return tuple(
        HistoryPoint(
            seconds=moment.seconds,
            evaluations=moment.evaluations,
            engine=moment.engine,
            plm=moment.plm,
            value=moment.value,
            best=moment.best,
            log_likelihood=None if moment.log_likelihood is None else finite(moment.log_likelihood),
        )
        for moment in discovery.history
    )


def importance_records(discovery: Discovery) -> tuple[Importance, ...]:
    """How much each part of the choice explains, where anything was tried that differs in it."""
    shares = discovery.details.importances
    if not any(each.share for each in shares):
        return ()
    return tuple(Importance(parameter=each.parameter, share=each.share) for each in shares)


def confusion_record(discovery: Discovery) -> Confusion | None:
    """Of the best on test; None without test, or with more labels than can be read."""
    test, names = discovery.best.test, discovery.task.label_names
    if test is None or len(names) > MOST_LABELS:
        return None
    return Confusion(labels=names, counts=test.confusion)


def hard_examples(discovery: Discovery) -> tuple[HardExample, ...]:
    """What the best gets most wrong on test."""
    names = discovery.task.label_names
    return tuple(
        HardExample(
            fields={name: whole_text(value) for name, value in hard.fields.items()},
            gold=names[hard.gold],
            predicted="nothing (unscored)" if hard.predicted is None else names[hard.predicted],
            probability=min(1.0, hard.probability),
            words=dict(hard.words),
        )
        for hard in discovery.details.hardest
    )


def variations(discovery: Discovery) -> tuple[Variation, ...]:
    """The best under small changes of its wording."""
    metric = discovery.task.metric
    return tuple(
        Variation(
            change=f"{varied.change} (control: no answer may change)" if varied.control else varied.change,
            template=str(varied.template),
            figure=figure_or_none(varied.evaluation, metric),
            flips=varied.flips,
        )
        for varied in discovery.details.sensitivity
    )


def transfer_record(discovery: Discovery) -> Transfer | None:
    """Each PLM's best prompt under the others."""
    moved, metric = discovery.details.transfer, discovery.task.metric
    if moved is None:
        return None
    rows = tuple(tuple(None if each is None else each.value(metric) for each in row) for row in moved.rows)
    return Transfer(plms=moved.plms, rows=rows)


def seed_rows(discovery: Discovery) -> tuple[SeedRow, ...]:
    """What other draws of train and dev led to."""
    task = discovery.task
    return tuple(
        SeedRow(
            seed=draw.seed,
            prompt=summary_of(draw.best.trial, task.label_names),
            dev=figure_record(draw.best.trial.dev, task.metric),
            test=figure_or_none(draw.best.test, task.metric),
            manual=None if draw.manual is None else figure_or_none(draw.manual.test, task.metric),
        )
        for draw in discovery.draws
    )
