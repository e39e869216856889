"""What a search of triggers has come to, in the records of a report."""

from __future__ import annotations

from collections.abc import Sequence

from promptsearch.engines.trigger.history import Improvement
from promptsearch.report.measured import Figure, LabelWords
from promptsearch.report.trigger_document import TriggerCourse, TriggerPoint, TriggerStart, TriggerSwap
from promptsearch.showing import whole_text
from promptsearch.study.trial import finite
from promptsearch.study.triggers import DevFigure, TriggerSearch


def course_of(search: TriggerSearch, names: Sequence[str]) -> TriggerCourse:
    """The record of a search.

    Args:
        names: of the labels.
    """
    history = search.history
    return TriggerCourse(
        plm=search.plm,
        words=tuple(LabelWords(label=name, words=words) for name, words in zip(names, search.words)),
        points=tuple(_point(found, dev) for found, dev in zip(history.improvements, search.dev)),
        starts=tuple(
            TriggerStart(
                template=start.template,
                start=start.start,
                steps=start.steps,
                loss=finite(start.loss),
                reason=start.reason,
            )
            for start in history.restarts
        ),
        evaluations=history.evaluations,
        seconds=history.seconds,
        reason=history.reason,
        notes=tuple(map(whole_text, history.notes)),
        settings=dict(search.settings),
    )


def _point(found: Improvement, dev: DevFigure | None) -> TriggerPoint:
    return TriggerPoint(
        template=found.template,
        ids=found.ids,
        text=tuple(map(whole_text, found.text)),
        loss=found.loss,
        train=found.accuracy,
        dev=None if dev is None else _figure(dev),
        step=found.step,
        restart=found.restart,
        start=found.start,
        evaluations=found.evaluations,
        seconds=found.seconds,
        swaps=tuple(
            TriggerSwap(place=swap.place, old=whole_text(swap.old), new=whole_text(swap.new))
            for swap in found.swaps
        ),
    )


def _figure(dev: DevFigure) -> Figure:
    return Figure(n=dev.n, value=dev.value, low=dev.low, high=dev.high, log_likelihood=dev.log_likelihood)
