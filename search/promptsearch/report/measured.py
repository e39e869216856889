"""Figures, costs and label words, of which the records of a report are made."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from promptsearch.artefact.models import Count, Record, Text

Nonnegative = Annotated[float, Field(ge=0)]


class Figure(Record):
    """A figure on labelled examples, with what it rests on."""

    n: Count = Field(description="Examples.")
    value: float = Field(description="The report's metric.")
    low: float = Field(description="Lower end of the 95 % interval.")
    high: float = Field(description="Upper end of the 95 % interval.")
    log_likelihood: float | None = Field(None, description="Mean over examples, in nats.")
    unscored: float = Field(0.0, ge=0, le=1, description="Share of examples that could not be scored.")


class Gap(Record):
    """A difference on the same examples, with its paired 95 % interval."""

    value: float
    low: float
    high: float
    p_value: float = Field(ge=0, le=1)


class Cost(Record):
    """What one prediction takes."""

    tokens: Nonnegative = Field(description="Through the model, a text.")
    passes: Count = Field(description="Forward passes, a text.")
    milliseconds: Nonnegative | None = Field(None, description="Measured in this run, a text.")
    numbers: Count = Field(0, description="Numbers that the prompt stores beside its words.")


class LabelWords(Record):
    """The words of a label, the heaviest first."""

    label: Text
    words: tuple[Text, ...] = Field(strict=False)
