"""A search of triggers in words and rows, for the page, the Markdown and the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptsearch.report.document import ReportDocument
from promptsearch.report.html.figures import duration, interval, percent
from promptsearch.report.trigger_document import TriggerCourse, TriggerPoint, best_so_far, plot_name
from promptsearch.showing import count

SHOWN = 40
"""Better triggers that a table lists; `report.json` has all."""
FIRST = 3
"""Of these, so many from the beginning where some are left out."""
LEGEND = (
    "Tokens were searched on train, one or a few exchanged at a time. An evaluation is an example read with "
    "some trigger. Figures on train and dev are of answers as the search scores them (calibrated or not, see "
    "the settings); those on dev are only shown: nothing was chosen by them before the search was over."
)
_LISTED_STARTS = 12
# Settings as the options of the command call them, and what it is to leave them out.
_CALLED = {
    "objective": "loss",
    "words": "start words",
    "banned": "banned words",
    "ban_labels": "label words kept out",
    "batch": "examples of a gradient",
    "most_examples": "most train examples",
    "balanced": "classes weigh the same",
    "calibrated": "label scores centred",
    "buffer": "triggers kept to go on from",
    "offers": "triggers offered to the study",
    "reuse": "keys and values reused",
}
_NOT_GIVEN = {"restarts": "as many as there is time for", "batch": "all"}
_ENDS = {
    "budget": "the time or the number of evaluations that it had was over",
    "patience": "too many steps brought nothing better",
    "nothing moves": "no swap brought anything better",
}


@dataclass(frozen=True)
class TriggerView:
    """What is shown of the search on one PLM.

    Attributes:
        plot: name of its picture.
        titles, rows: the better triggers, one a row.
        left_out: how many of these are not shown.
        starts: template, kind, steps, loss and end of each start.
        more_starts: how many of these are not shown.
        settings: names and values.
    """

    course: TriggerCourse
    plot: str
    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int
    starts: tuple[tuple[str, ...], ...]
    more_starts: int
    settings: str

    @property
    def account(self) -> str:
        """What came of the search, in a sentence or two."""
        return account(self.course)


def trigger_views(document: ReportDocument) -> list[TriggerView]:
    """One for each PLM on which triggers were searched."""
    return [
        _view(course, plot_name(i), document.task.metric) for i, course in enumerate(document.triggers, 1)
    ]


def account(course: TriggerCourse) -> str:
    """`Triggers on minilm-mlm: loss 0.69 at first, 0.41 at last …`."""
    spent = f"{count(course.evaluations, 'evaluation')} and {duration(course.seconds)}"
    best = best_so_far(course)
    if not best:
        return f"Triggers on {course.plm}: none was better than its start after {spent}; {_ended(course)}."
    first, last = best[0], best[-1]
    dev = "" if last.dev is None else f", {percent(last.dev.value)} % on dev ({interval(last.dev)})"
    return (
        f"Triggers on {course.plm}: loss {first.loss:.3f} at first and {last.loss:.3f} at last{dev}, after "
        f"{spent}; {_ended(course)}."
    )


def _ended(course: TriggerCourse) -> str:
    return f"it ended: {_ENDS.get(course.reason, course.reason)}" if course.reason else "it ended"


def _view(course: TriggerCourse, plot: str, metric: str) -> TriggerView:
    best = best_so_far(course)
    several = len({point.template for point in course.points}) > 1
    left_out = max(0, len(best) - SHOWN)
    shown = best if not left_out else [*best[:FIRST], *best[FIRST + left_out :]]
    titles = ("trigger", "what changed", "loss", "train accuracy", f"dev {metric}", "evaluations", "time")
    return TriggerView(
        course,
        plot,
        (*titles, "template") if several else titles,
        tuple(_row(point, several) for point in shown),
        left_out,
        tuple(
            (each.template, each.start, str(each.steps), _loss(each.loss), each.reason)
            for each in course.starts[:_LISTED_STARTS]
        ),
        max(0, len(course.starts) - _LISTED_STARTS),
        ", ".join(
            f"{_CALLED.get(name, name.replace('_', ' '))} {_told(name, value)}"
            for name, value in course.settings.items()
        ),
    )


def _row(point: TriggerPoint, with_template: bool) -> tuple[str, ...]:
    dev = "–" if point.dev is None else f"{percent(point.dev.value)} ({interval(point.dev)})"
    cells = (
        " … ".join(text.strip() for text in point.text),
        changes(point),
        _loss(point.loss),
        percent(point.train),
        dev,
        f"{point.evaluations:,}",
        duration(point.seconds),
    )
    return (*cells, point.template) if with_template else cells


def changes(point: TriggerPoint) -> str:
    """`film → dialogue (token 2)`, or what kind of start it is."""
    if not point.swaps:
        return f"start: {point.start}"
    return ", ".join(f"{_token(s.old)} → {_token(s.new)} (token {s.place + 1})" for s in point.swaps)


def _token(text: str) -> str:
    """A token as it is shown: without the blank before it; one of blanks alone in quotation marks."""
    return text.strip() or repr(text)


def _loss(loss: float | None) -> str:
    return "–" if loss is None else f"{loss:.3f}"


def _told(name: str, value: object) -> str:
    if value is None:
        return _NOT_GIVEN.get(name, "none")
    if isinstance(value, bool):
        return {True: "yes", False: "no"}[value]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value)) or "none"
    return str(value)
