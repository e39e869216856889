"""What the engine `trigger` has come to on a PLM, as the study keeps it and a report tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from promptsearch.engines.base import Candidate
from promptsearch.engines.trigger.history import History, Improvement, Restart, Swap
from promptsearch.scoring import Evaluation
from promptsearch.study.trial import finite
from promptsearch.tasks.task import Task
from promptsearch.template import Template

TRIGGER = "trigger"
"""The engine that searches trigger tokens, which comes when the others have had their turn."""


def unfit_for_triggers(task: Task) -> str | None:
    """Why no trigger or soft token can be searched for a task, on whatever PLM; None where they can."""
    if task.kind == "fact":
        return "facts are answered with names, and tokens are searched for label words of one token"
    for split in ("train", "dev"):
        examples = task.splits[split]
        classes = {example.label for example in examples} - {None}
        if len(classes) < 2:
            only = ", ".join(task.label_names[label] for label in classes if label is not None)
            what = f"are of one class ({only})" if only else "have no labels"
            return f"all {len(examples):,} examples of {split} {what}"
    return None


@dataclass(frozen=True)
class DevFigure:
    """A figure on dev that nothing was chosen by.

    Attributes:
        value: the task's metric; `low` and `high` are its 95 % interval.
        log_likelihood: mean over examples, in nats; None where it has none.
    """

    n: int
    value: float
    low: float
    high: float
    log_likelihood: float | None

    @classmethod
    def of(cls, evaluation: Evaluation, metric: str) -> DevFigure:
        """What is shown of an evaluation."""
        low, high = evaluation.interval(metric)
        return cls(evaluation.n, evaluation.value(metric), low, high, finite(evaluation.log_likelihood))


@dataclass(frozen=True)
class TriggerSearch:
    """The search of triggers on one PLM, over all sittings.

    Attributes:
        plm: reference.
        words: label words that answers were read by, a tuple a label.
        starts: templates of other engines that it also began from, best first.
        history: every improvement, and how each start ended.
        dev: figures of each improvement, in its order; None where there was no time to measure.
        over: whether more time would bring nothing more.
        settings: how it was searched.
    """

    plm: str
    words: tuple[tuple[str, ...], ...]
    starts: tuple[str, ...]
    history: History
    dev: tuple[DevFigure | None, ...]
    over: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """JSON-able; `restored` reads it."""
        return asdict(self)

    @classmethod
    def restored(cls, record: Mapping[str, Any]) -> TriggerSearch:
        """What `record` wrote."""
        dev = tuple(None if figure is None else DevFigure(**figure) for figure in record["dev"])
        words = tuple(map(tuple, record["words"]))
        return cls(
            record["plm"],
            words,
            tuple(record["starts"]),
            history_of(record["history"]),
            dev,
            record["over"],
            record["settings"],
        )


@dataclass(frozen=True)
class FoundTrigger:
    """A trigger in a candidate.

    Attributes:
        template: with its places free.
        ids, text: of each place.
    """

    template: Template
    ids: tuple[tuple[int, ...], ...]
    text: tuple[str, ...]

    @property
    def as_text(self) -> Template:
        """The template in words, which any PLM reads."""
        return self.template.with_words(self.text)


def trigger_of(candidate: Candidate) -> FoundTrigger | None:
    """The trigger of a candidate of the engine; None where there is none."""
    found = candidate.provenance.get("trigger")
    if not isinstance(found, Mapping):
        return None
    ids = tuple(tuple(map(int, group)) for group in found["ids"])
    return FoundTrigger(Template.parse(str(found["template"])), ids, tuple(map(str, found["text"])))


def history_of(record: Mapping[str, Any]) -> History:
    """A history from its JSON."""
    return History(
        improvements=tuple(map(_improvement, record["improvements"])),
        restarts=tuple(Restart(**restart) for restart in record["restarts"]),
        evaluations=record["evaluations"],
        seconds=record["seconds"],
        reason=record["reason"],
        notes=tuple(record["notes"]),
    )


def _improvement(record: Mapping[str, Any]) -> Improvement:
    given = dict(record)
    given["ids"] = tuple(map(tuple, given["ids"]))
    given["text"] = tuple(given["text"])
    given["swaps"] = tuple(Swap(**swap) for swap in given["swaps"])
    return Improvement(**given)


def best_improvements(improvements: Sequence[Improvement], most: int) -> list[Improvement]:
    """Those of the lowest loss, each trigger once."""
    distinct = {(found.template, found.ids): found for found in improvements}
    return sorted(distinct.values(), key=lambda found: found.loss)[:most]
