"""What a report says of a search of triggers, as data."""

from __future__ import annotations

from pydantic import Field, JsonValue

from promptsearch.artefact.models import Count, Name, Record, Text
from promptsearch.report.measured import Figure, LabelWords, Nonnegative


class TriggerSwap(Record):
    """One token that took another's place."""

    place: Count = Field(description="Among all trigger tokens of the template, from 0.")
    old: Text
    new: Text


class TriggerPoint(Record):
    """A trigger that was better than every one before it on its template."""

    template: Text = Field(description="With its places still free.")
    ids: tuple[tuple[Count, ...], ...] = Field(strict=False, description="Tokens of each place.")
    text: tuple[Text, ...] = Field(strict=False, description="Text of each place.")
    loss: float = Field(description="On train; what the search brings down.")
    train: float = Field(description="Accuracy on train.")
    dev: Figure | None = Field(None, description="For the reader; the search does not see it.")
    step: Count
    restart: Count
    start: Text = Field(description="What kind of start it goes back to.")
    evaluations: Count = Field(description="Examples read with some trigger until then.")
    seconds: Nonnegative = Field(description="Spent until then, over all sittings.")
    swaps: tuple[TriggerSwap, ...] = Field(
        (), strict=False, description="Against the trigger that it came from; empty for a start."
    )


class TriggerStart(Record):
    """A start, and how it ended."""

    template: Text
    start: Text
    steps: Count
    loss: float | None = Field(description="The best that was reached from it.")
    reason: Text


class TriggerCourse(Record):
    """How triggers were searched on one PLM."""

    plm: Name
    words: tuple[LabelWords, ...] = Field(strict=False, description="By which answers were read.")
    points: tuple[TriggerPoint, ...] = Field(strict=False)
    starts: tuple[TriggerStart, ...] = Field(strict=False)
    evaluations: Count
    seconds: Nonnegative
    reason: Text = Field(description="Why it ended.")
    notes: tuple[Text, ...] = Field((), strict=False)
    settings: dict[str, JsonValue]


def best_so_far(course: TriggerCourse) -> list[TriggerPoint]:
    """The points that are better than every one before, whichever template they are of."""
    found: list[TriggerPoint] = []
    for point in course.points:
        if not found or point.loss < found[-1].loss:
            found.append(point)
    return found


def plot_name(number: int) -> str:
    """Name of the picture of the so manieth search, from 1."""
    return f"trigger-{number}"
