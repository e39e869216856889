"""What stands in an ensemble file, and its JSON Schema.

`ensemble.schema.json` beside this file is `ensemble_schema()` written out:

    promptsearch schema ensemble > search/promptsearch/compose/ensemble.schema.json
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from promptsearch.artefact import EvaluationRecord, PromptDocument, ProvenanceRecord, TaskRecord
from promptsearch.artefact.checks import refuse
from promptsearch.artefact.models import Record
from promptsearch.artefact.schema import file_schema, written

FORMAT = "promptsearch/ensemble"
VERSION = 1
_SUM_TOLERANCE = 1e-6


class EnsembleDocument(Record):
    """Prompts whose label log-probabilities are added up with weights."""

    format: Literal["promptsearch/ensemble"] = FORMAT
    version: Literal[1] = VERSION
    weights: tuple[Annotated[float, Field(ge=0)], ...] = Field(
        strict=False, min_length=1, description="One per member; they sum to 1."
    )
    members: tuple[PromptDocument, ...] = Field(
        strict=False,
        min_length=1,
        description="Prompt files, whole, of the same labels and fields; none with arrays beside it.",
    )
    task: TaskRecord | None = None
    evaluation: tuple[EvaluationRecord, ...] = Field(
        (), strict=False, description="Of the members together; each has its own figures."
    )
    provenance: ProvenanceRecord | None = None

    @model_validator(mode="after")
    def _check(self) -> EnsembleDocument:
        refuse([*_weight_problems(self), *_member_problems(self)])
        return self


def _weight_problems(document: EnsembleDocument) -> Iterator[tuple[str, str]]:
    n_weights, n_members, total = len(document.weights), len(document.members), sum(document.weights)
    if n_weights != n_members:
        yield "weights", f"{n_weights} for {n_members} members"
    if abs(total - 1) > _SUM_TOLERANCE:
        yield "weights", f"should sum to 1, and sum to {total:.6g}"


def _member_problems(document: EnsembleDocument) -> Iterator[tuple[str, str]]:
    first = document.members[0]
    for i, member in enumerate(document.members):
        for part in ("readout", "soft", "tuned"):
            if getattr(member, part) is not None:
                yield f"members[{i}].{part}", "has arrays in another file, which an ensemble cannot hold yet"
        if _labels(member) != _labels(first):
            yield f"members[{i}].verbalizer.labels", "differ from those of members[0], or in their order"
        mine, firsts = member.reads, first.reads
        if set(mine) != set(firsts):
            reads = ", ".join(mine) or "none"
            yield (
                f"members[{i}].template",
                f"reads the fields {reads}; members[0] reads {', '.join(firsts) or 'none'}",
            )


def _labels(document: PromptDocument) -> list[tuple[type, object]]:
    # 1 and True are equal and two labels.
    return [(type(entry.label), entry.label) for entry in document.verbalizer.labels]


def ensemble_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of ensemble files, generated from the models."""
    return file_schema(EnsembleDocument, "ensemble", VERSION)


def ensemble_schema_json() -> str:
    """The schema as it is shipped and printed."""
    return written(ensemble_schema())
