"""What a report says, as data: `report.json`, from which every other form of the report is made.

Figures are shares between 0 and 1 (or -1 and 1), seconds are wall clock, costs are tokens through the model.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from promptsearch.artefact.models import Count, Metric, Name, Record, Text
from promptsearch.report.measured import Cost, Figure, Gap, LabelWords, Nonnegative
from promptsearch.report.trigger_document import TriggerCourse

FORMAT = "promptsearch/report"
VERSION = 1


class PromptSummary(Record):
    """A combination of PLM, template, label words and calibration."""

    plm: Name
    engine: Name
    template: Text
    words: tuple[LabelWords, ...] = Field(strict=False)
    calibration: Name
    readout: Text | None = None


class Finalist(Record):
    """A prompt in the comparison table."""

    role: Text = Field(
        description="best, best of its PLM, best hand-written, best trigger, best soft prompt, manual, "
        "the best together, majority class."
    )
    prompt: PromptSummary | None = Field(None, description="None for the majority class.")
    dev: Figure | None
    test: Figure | None = None
    cost: Cost | None = None
    to_best: Gap | None = Field(None, description="Test figure of the best minus this one's, same examples.")


class CandidatePoint(Record):
    """A combination that was tried."""

    engine: Name
    plm: Name
    template: Text
    words: Text
    calibration: Text
    train: float | None
    dev: float | None
    log_likelihood: float | None = Field(None, description="Mean on dev, in nats.")
    tokens: Nonnegative
    manual: bool = False
    finalist: bool = False
    on_front: bool = Field(False, description="No other is both better on dev and cheaper.")


class HistoryPoint(Record):
    """The best on dev after so much work."""

    seconds: Nonnegative
    evaluations: Count = Field(description="Templates evaluated so far, all PLMs.")
    engine: Text
    plm: Text
    value: float = Field(description="Of what was tried at this point, on dev.")
    best: float = Field(description="Best so far on dev.")
    log_likelihood: float | None = None


class Confusion(Record):
    """How often each label was taken for each, on test."""

    labels: tuple[Text, ...] = Field(strict=False)
    counts: tuple[tuple[Count, ...], ...] = Field(
        strict=False, description="Rows: true label. Columns: predicted label, then unscored."
    )


class HardExample(Record):
    """An example that the best prompt gets most wrong."""

    fields: dict[str, Text]
    gold: Text
    predicted: Text
    probability: float = Field(ge=0, le=1, description="Of the true label.")
    words: dict[str, float] = Field(description="Log-probability of label words, of the likeliest ones.")


class Variation(Record):
    """The best prompt under a small change of its wording."""

    change: Text
    template: Text
    figure: Figure | None = Field(description="On dev; None where the PLM cannot read it.")
    flips: float | None = Field(None, ge=0, le=1, description="Share of dev answers that differ.")


class Transfer(Record):
    """Every PLM's best prompt under every other PLM, on dev."""

    plms: tuple[Name, ...] = Field(strict=False)
    rows: tuple[tuple[float | None, ...], ...] = Field(
        strict=False, description="Row: whose prompt. Column: which PLM answers. None: cannot read it."
    )


class SeedRow(Record):
    """What one draw of the few-shot split led to."""

    seed: int
    prompt: PromptSummary
    dev: Figure
    test: Figure | None
    manual: Figure | None = Field(None, description="The manual prompt on test.")


class Importance(Record):
    """How much of the spread on dev a part of the choice explains."""

    parameter: Text
    share: Nonnegative


class Paragraph(Record):
    """Text; `code` in it is marked by backticks."""

    kind: Literal["paragraph"] = "paragraph"
    text: Text


class Heading(Record):
    """What the blocks after it are about."""

    kind: Literal["heading"] = "heading"
    text: Text


class TableBlock(Record):
    """A table; every cell is plain text."""

    kind: Literal["table"] = "table"
    titles: tuple[Text, ...] = Field(strict=False)
    rows: tuple[tuple[Text, ...], ...] = Field(strict=False)


class PictureBlock(Record):
    """A picture made by this software."""

    kind: Literal["picture"] = "picture"
    file: str = Field(pattern=r"^\w[\w.-]*\.svg$", description="Its name beside report.md.")
    svg: Text
    alternative: Text = Field(description="What it shows, in words.")


class CodeBlock(Record):
    """A template or code, as it is."""

    kind: Literal["code"] = "code"
    text: Text
    language: str = Field("text", pattern="^[a-z]*$")


class MarkedBlock(Record):
    """Sentences in which parts are marked: pieces of (text, mark), mark being empty, `name` or `between`."""

    kind: Literal["marked"] = "marked"
    sentences: tuple[tuple[tuple[Text, Literal["", "name", "between"]], ...], ...] = Field(strict=False)
    places: tuple[Text, ...] = Field((), strict=False, description="Where each sentence stands.")


Block = Annotated[
    Paragraph | Heading | TableBlock | PictureBlock | CodeBlock | MarkedBlock, Field(discriminator="kind")
]


class Section(Record):
    """A part of the report that an engine adds: label words, mined templates."""

    title: Text
    blocks: tuple[Block, ...] = Field(strict=False)


class TaskSummary(Record):
    """What was searched on."""

    name: Text
    stand_in_for: Text | None = None
    kind: Text
    labels: tuple[Text, ...] = Field(strict=False)
    metric: Metric
    source: Text = Field(description="Where the data came from.")
    fingerprint: Text
    splits: dict[str, Count]
    shots: Count | None
    seed: int


class ReportDocument(Record):
    """The report of a run."""

    format: Literal["promptsearch/report"] = FORMAT
    version: Literal[1] = VERSION
    created: Text
    task: TaskSummary
    answer: Text = Field(description="The outcome in one sentence.")
    verdicts: tuple[Text, ...] = Field(strict=False, description="What can and cannot be concluded.")
    notices: tuple[Text, ...] = Field((), strict=False)
    prompt: dict[str, JsonValue] = Field(description="The prompt file of the best prompt.")
    example: Text = Field(description="The best template with an example filled in.")
    use: Text = Field(description="The lines of Python that use it.")
    finalists: tuple[Finalist, ...] = Field(
        strict=False, description="The best first, the majority class last."
    )
    compared: Count = Field(description="How many were compared on dev.")
    alike: Count = Field(description="How many of those cannot be told apart from the best.")
    candidates: tuple[CandidatePoint, ...] = Field((), strict=False)
    n_candidates: Count = Field(description="Combinations tried, those not listed included.")
    rejected: tuple[Text, ...] = Field((), strict=False, description="Why candidates could not be tried.")
    history: tuple[HistoryPoint, ...] = Field((), strict=False)
    importances: tuple[Importance, ...] = Field((), strict=False)
    confusion: Confusion | None = None
    hardest: tuple[HardExample, ...] = Field((), strict=False)
    sensitivity: tuple[Variation, ...] = Field((), strict=False)
    transfer: Transfer | None = None
    seeds: tuple[SeedRow, ...] = Field((), strict=False)
    sections: tuple[Section, ...] = Field((), strict=False)
    triggers: tuple[TriggerCourse, ...] = Field((), strict=False, description="One for each PLM.")
    interrupted: bool = False
    seconds_on_top: Nonnegative = Field(0, description="To get back to where it was stopped.")
    labelled: bool = Field(True, description="Whether anything was measured with labels before test.")
    seconds: Nonnegative
    command: Text = ""
    environment: dict[str, Text] = Field(description="Versions, machine, device, number format.")
