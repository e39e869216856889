"""How a prompt file says that its task is asked label by label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from promptsearch.artefact.base import Name, Record
from promptsearch.artefact.checks import mistake, refuse
from promptsearch.decomposed import LABEL, Decomposition
from promptsearch.errors import OptionError

if TYPE_CHECKING:
    from promptsearch.artefact.models import PromptDocument


class DecompositionRecord(Record):
    """One question for each label: `{label}` in the template is the first answer of each label in turn."""

    yes: Name = Field(description="What is answered where the label holds.")
    no: Name = Field(description="What is answered where it does not.")
    shared: bool = Field(
        True, description="Whether soft tokens are the same for all labels; else each label has its own."
    )

    @model_validator(mode="after")
    def _check(self) -> DecompositionRecord:
        try:
            self.to_decomposition()
        except OptionError as error:
            raise mistake(error.message) from None
        return self

    def to_decomposition(self) -> Decomposition:
        """What the file describes."""
        return Decomposition(self.yes, self.no, self.shared)


def decomposition_record(decomposition: Decomposition) -> DecompositionRecord:
    """What a prompt file says of it."""
    return DecompositionRecord(yes=decomposition.yes, no=decomposition.no, shared=decomposition.shared)


def check_decomposition(document: PromptDocument) -> PromptDocument:
    """A decomposed prompt has a place for the label, and nothing that reads one state for all labels."""
    if document.decomposition is not None:
        refuse(_problems(document))
    return document


def _problems(document: PromptDocument) -> Iterator[tuple[str, str]]:
    template, soft = document.to_template(), document.soft
    if LABEL not in template.fields:
        yield "template", f"has no {{{LABEL}}}, though the prompt asks label by label"
    if document.calibration.method != "none":
        yield "calibration", 'should be "none" in a prompt that asks label by label'
    for part in ("readout", "trigger"):
        if getattr(document, part) is not None:
            yield part, "cannot go with a prompt that asks label by label"
    count = len(document.verbalizer.labels)
    if document.decomposition is not None and not document.decomposition.shared:
        if soft is None:
            yield "soft", "is missing, though each label has soft tokens of its own"
        elif soft.groups[: len(soft.groups) // count] * count != soft.groups:
            yield "soft.groups", f"should be the same for each of {count} labels"
