"""What stands in a prompt file.

Nothing is converted on the way in: "1" is no number, 1.0 is no whole number, and the label 1 is not true.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, model_validator

from promptsearch.artefact.base import (
    ArraysFile,
    Count,
    Figure,
    FolderName,
    Name,
    Number,
    Record,
    Sha256,
    Share,
    Text,
    TokenId,
)
from promptsearch.artefact.checks import (
    check_agreement,
    check_interval,
    check_json,
    check_label,
    check_parameters,
    check_template,
    check_time,
    check_verbalizer,
)
from promptsearch.artefact.decomposition import DecompositionRecord, check_decomposition
from promptsearch.artefact.trigger_checks import check_trigger, check_trigger_template
from promptsearch.decomposed import LABEL
from promptsearch.template import Template
from promptsearch.verbalizer import Answer, Verbalizer

FORMAT = "promptsearch/prompt"
VERSION = 1

Metric = Literal["accuracy", "macro-f1", "mcc"]


class AnswerEntry(Record):
    """One way to say a label."""

    text: Name = Field(description="A word, a span or a sentence, without blanks around it.")
    weight: float = Field(1.0, ge=0, description="Its weight among the answers of the label.")


class LabelEntry(Record):
    """A label and its answers."""

    label: Annotated[str | int | float | bool, BeforeValidator(check_label)] = Field(
        description="The label as it stands in the data; predictions are written in this form."
    )
    name: Text = Field(description="A readable name.")
    # JSON has lists only; as tuples a document cannot change.
    answers: tuple[AnswerEntry, ...] = Field(strict=False, min_length=1)


class VerbalizerRecord(Record):
    """Which words stand for which label."""

    aggregation: Literal["marginal", "mean-log", "sum-log"] = Field(
        "marginal",
        description="How the answers of a label become one score: the log of the weighted mean of "
        "probabilities, the weighted mean of log-probabilities, or their weighted sum.",
    )
    case: Literal["exact", "any"] = Field(
        "exact",
        description="Whether an answer is the word as written, or any of its spellings in small letters, "
        "with a capital or in capitals that are one token.",
    )
    labels: tuple[LabelEntry, ...] = Field(strict=False, min_length=2, description="In the task's order.")

    _check = model_validator(mode="after")(check_verbalizer)

    @classmethod
    def from_verbalizer(cls, verbalizer: Verbalizer, names: Sequence[str] | None = None) -> VerbalizerRecord:
        """A verbalizer as it stands in the file, with the labels' names (else the labels as text)."""
        shown = names if names is not None else [str(label) for label in verbalizer.labels]
        entries = tuple(
            LabelEntry(
                label=label,
                name=name,
                answers=tuple(AnswerEntry(text=answer.text, weight=answer.weight) for answer in answers),
            )
            for label, name, answers in zip(verbalizer.labels, shown, verbalizer.answers, strict=True)
        )
        return cls(aggregation=verbalizer.aggregation, case=verbalizer.case, labels=entries)

    def to_verbalizer(self) -> Verbalizer:
        """The verbalizer that the file describes."""
        answers = (tuple(Answer(a.text, a.weight) for a in entry.answers) for entry in self.labels)
        return Verbalizer(
            tuple(entry.label for entry in self.labels), tuple(answers), self.aggregation, self.case
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Readable names of the labels, in order."""
        return tuple(entry.name for entry in self.labels)


class ScoringRecord(Record):
    """How an answer of several tokens becomes one log-probability."""

    normalisation: Literal["sum", "token", "pmi"] = Field(
        "sum",
        description="Sum of the token log-probabilities, their mean, or the sum minus the same sum under "
        "empty fields.",
    )
    filling: Literal["at-once", "left-to-right"] = Field(
        "at-once", description="How a masked PLM reads the masks of an answer of several tokens."
    )


class CalibrationRecord(Record):
    """What is taken off the scores, in nats."""

    method: Literal["none", "contextual", "pmi", "batch", "prior", "prior-batch", "learned"] = "none"
    label_offsets: tuple[float, ...] | None = Field(
        None, strict=False, description="One per label, subtracted from label scores."
    )
    word_offsets: dict[Text, float] | None = Field(
        None, description="One per answer, subtracted from its log-probability."
    )
    n_texts: Count = Field(0, description="How many inputs the offsets were fitted on.")
    inputs: Text = Field("", description="What these inputs were.")


class PLMRecord(Record):
    """The pretrained language model."""

    reference: Name = Field(description="A built-in name, a hub id or a folder.")
    revision: Text | None = Field(None, description="Commit of the hub repository.")
    family: Literal["masked", "causal", "seq2seq"]
    weights_sha256: Sha256 | None = Field(None, description="Of the weights; null: they are not checked.")
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"


class TaskRecord(Record):
    """The task that the prompt was found on."""

    name: Name
    kind: Name = Field(description="Sort of task: sentiment, topic, pair, …")
    fields: tuple[Name, ...] = Field(strict=False, min_length=1)
    metric: Metric
    fingerprint: Sha256 = Field(description="sha256 over fields, labels and every example.")
    stand_in_for: Text | None = Field(None, description="The task asked for, if a bundled sample was used.")
    shots: Annotated[int, Field(ge=1)] | None = Field(None, description="Examples per class; null: all.")
    seed: int | None = Field(None, description="Seed of the drawing of the splits.")


class BaselineRecord(Record):
    """A figure to compare with, and its confidence interval."""

    value: Figure
    low: Figure | None = None
    high: Figure | None = None

    _check = model_validator(mode="after")(check_interval)


class EvaluationRecord(Record):
    """How well the prompt does on one split."""

    split: Literal["train", "dev", "test"]
    metric: Metric
    n: Annotated[int, Field(ge=1)] = Field(description="Number of examples.")
    value: Figure
    low: Figure | None = None
    high: Figure | None = None
    level: float = Field(0.95, gt=0, lt=1, description="Confidence level of the intervals.")
    log_likelihood: float | None = Field(
        None, description="Mean log-probability of the gold label, in nats, over what could be scored."
    )
    unscored: Share = Field(0.0, description="Share of examples that could not be scored.")
    manual_baseline: BaselineRecord | None = Field(
        None, description="The manual prompt on the same examples."
    )
    majority: Figure | None = Field(None, description="Predicting the most frequent class.")

    _check = model_validator(mode="after")(check_interval)


class BudgetRecord(Record):
    """What the search was allowed to spend; null is no limit."""

    seconds: Annotated[float, Field(ge=0)] | None = None
    evaluations: Count | None = None


class ProvenanceRecord(Record):
    """Where the prompt comes from."""

    engine: Name
    seed: int | None = None
    budget: BudgetRecord = BudgetRecord()
    created: Annotated[Text, AfterValidator(check_time)] = Field(description="ISO 8601, with its UTC offset.")
    versions: dict[Text, Text] = Field({}, description="Package -> version.")
    details: Annotated[dict[str, JsonValue], AfterValidator(check_json)] = Field(
        {}, description="Whatever the engine tells about how the prompt was found."
    )


class SoftRecord(Record):
    """Vectors in place of the template's soft tokens, in a file beside this one."""

    file: ArraysFile
    sha256: Sha256 = Field(description="Of that file.")
    tokens: Annotated[int, Field(ge=1)] = Field(description="Number of soft tokens.")
    width: Annotated[int, Field(ge=1)] = Field(
        description="Numbers a token: the width of the PLM's input embeddings."
    )
    groups: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        strict=False, min_length=1, description="Tokens of each soft piece of the template, in order."
    )


class TunedRecord(Record):
    """What was trained of the PLM or around it, in a folder beside this file."""

    kind: Literal["lora", "prefix", "full"] = Field(
        description="Low-rank changes of the weights, or keys and values in every layer, both in peft's "
        "format; or a whole model."
    )
    folder: FolderName
    sha256: Sha256 = Field(description="Over the names and contents of its files.")
    numbers: Count = Field(description="How many numbers it holds.")


class ReadoutRecord(Record):
    """A readout of the answer states, whose arrays are in a file beside this one."""

    kind: Literal["soft", "prototypes", "nearest"] = Field(
        description="A vector a label, a prototype a label, or the nearest of stored answer states."
    )
    file: ArraysFile
    sha256: Sha256 = Field(description="Of that file.")
    parameters: dict[Text, Number] = Field({}, description="The numbers that the readout needs.")

    _check = model_validator(mode="after")(check_parameters)


class TriggerGroup(Record):
    """The tokens in one place of the template."""

    ids: tuple[TokenId, ...] = Field(strict=False, min_length=1, description="Of the prompt's PLM.")
    text: Text = Field(description="What they stand for in the prompt, blanks included.")


class TriggerRecord(Record):
    """Tokens that a search put into the template. Ids mean something to the prompt's PLM alone."""

    template: Annotated[Text, AfterValidator(check_trigger_template)] = Field(
        description="The template with its places still free, such as `{text} {trigger*3} {mask}`."
    )
    groups: tuple[TriggerGroup, ...] = Field(
        strict=False, min_length=1, description="One for each of its places, in order."
    )


class PromptDocument(Record):
    """A prompt: template, verbalizer, PLM and calibration, with how it was found and how well it does."""

    format: Literal["promptsearch/prompt"] = FORMAT
    version: Literal[1] = VERSION
    template: Annotated[Text, AfterValidator(check_template)] = Field(
        description="The template's source, such as `{text} It was {mask}.`"
    )
    verbalizer: VerbalizerRecord
    scoring: ScoringRecord = ScoringRecord()
    calibration: CalibrationRecord = CalibrationRecord()
    plm: PLMRecord
    task: TaskRecord | None = None
    evaluation: tuple[EvaluationRecord, ...] = Field((), strict=False)
    provenance: ProvenanceRecord | None = None
    soft: SoftRecord | None = None
    # Left out where there is none, so that files without it stay as they were.
    readout: ReadoutRecord | None = Field(None, exclude_if=lambda value: value is None)
    trigger: TriggerRecord | None = Field(None, exclude_if=lambda value: value is None)
    tuned: TunedRecord | None = Field(None, exclude_if=lambda value: value is None)
    decomposition: DecompositionRecord | None = Field(None, exclude_if=lambda value: value is None)

    _check = model_validator(mode="after")(check_agreement)
    _check_trigger = model_validator(mode="after")(check_trigger)
    _check_decomposition = model_validator(mode="after")(check_decomposition)

    def to_template(self) -> Template:
        """The template that the file describes."""
        return Template.parse(self.template)

    def to_verbalizer(self) -> Verbalizer:
        """The verbalizer that the file describes."""
        return self.verbalizer.to_verbalizer()

    @property
    def reads(self) -> tuple[str, ...]:
        """Fields that a text must give."""
        fields = self.to_template().fields
        return fields if self.decomposition is None else tuple(name for name in fields if name != LABEL)
