"""What must hold in a prompt file beyond the types of its fields."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic_core import PydanticCustomError

from promptsearch.decomposed import LABEL
from promptsearch.errors import PromptSearchError, TemplateError, VerbalizerError
from promptsearch.template import Soft, Template, Trigger
from promptsearch.verbalizer import plain_label

if TYPE_CHECKING:
    from promptsearch.artefact.models import (
        BaselineRecord,
        CalibrationRecord,
        EvaluationRecord,
        PromptDocument,
        ReadoutRecord,
        VerbalizerRecord,
    )

    Figures = TypeVar("Figures", BaselineRecord, EvaluationRecord)

# Types of validation errors with their own words: a whole sentence; what was expected, to be followed by
# the value that was found; and (path, sentence) pairs.
MISTAKE = "mistake"
EXPECTED = "expected"
PROBLEMS = "problems"

# What each kind of readout needs beside its arrays; `scoring.continuous` checks their values.
READOUT_PARAMETERS = {
    "soft": (),
    "prototypes": ("temperature",),
    "nearest": ("n_labels", "k", "temperature", "mix", "sharpness"),
}

_SHOWN_CHARACTERS = 40


def shown(value: object) -> str:
    """A value from the file for a message, in one short line that any terminal can print."""
    if isinstance(value, dict):
        return "an object" if value else "an empty object"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else str(value)
    text = json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace").decode()
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def mistake(text: str) -> PydanticCustomError:
    """A validation error in one sentence, which may hold braces."""
    return PydanticCustomError(MISTAKE, "{text}", {"text": text})


def refuse(problems: Iterable[tuple[str, str]]) -> None:
    """Raise a validation error of (path, sentence) pairs, if there are any."""
    if problems := list(problems):
        text = "; ".join(f"{path}: {problem}" for path, problem in problems)
        raise PydanticCustomError(PROBLEMS, "{text}", {"text": text, "problems": problems})


def expected(text: str) -> PydanticCustomError:
    """A validation error that says what should be there."""
    return PydanticCustomError(EXPECTED, "{text}", {"text": text})


def check_text(text: str) -> str:
    """Text that UTF-8 can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise expected("should be text, and half of a surrogate pair is none") from None
    return text


def check_label(label: object) -> object:
    """A label is text, a finite number, true or false; numbers and text are not taken for each other."""
    try:
        label = plain_label(label)
    except VerbalizerError:
        raise expected("should be text, a finite number, true or false") from None
    return check_text(label) if isinstance(label, str) else label


def check_number(value: object) -> object:
    """A finite number, whole or not, which stays as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
        raise expected("should be a finite number")
    return value


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond any float
        return False


def check_json(value: dict[str, Any]) -> dict[str, Any]:
    """Refuse text that UTF-8 cannot hold; everything else that JSON cannot hold is refused by type."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise mistake("holds half of a surrogate pair, which is no text") from None
    return value


def check_time(text: str) -> str:
    """A point in time has a date, a time and an offset from UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise expected('should be a time such as "2026-01-31T12:00:00+00:00"')
    return text


def check_template(source: str) -> str:
    """A template that can be read and has no trigger tokens left to be found."""
    try:
        template = Template.parse(source)
    except TemplateError as error:
        raise mistake(_indented(error)) from None
    for piece in template.pieces:
        if isinstance(piece, Trigger):
            raise mistake(f"still has tokens to be found: {piece}")
    return source


def check_verbalizer(record: VerbalizerRecord) -> VerbalizerRecord:
    """Labels and answers that make a verbalizer."""
    try:
        record.to_verbalizer()
    except VerbalizerError as error:
        raise mistake(_indented(error)) from None
    return record


def check_parameters(record: ReadoutRecord) -> ReadoutRecord:
    """A readout has the parameters of its kind."""
    needed = READOUT_PARAMETERS[record.kind]
    if set(record.parameters) != set(needed):
        names = ", ".join(needed) or "none"
        raise mistake(f"a readout of kind {shown(record.kind)} has the parameters {names}")
    return record


def check_interval(record: Figures) -> Figures:
    """An interval has both ends or none, in order."""
    if (record.low is None) != (record.high is None):
        raise mistake("needs both ends of the interval, low and high, or none")
    if record.low is not None and record.high is not None and record.low > record.high:
        raise mistake(f"low ({record.low}) is above high ({record.high})")
    return record


def check_agreement(document: PromptDocument) -> PromptDocument:
    """Parts of a document fit each other."""
    refuse([*_template_problems(document), *_offset_problems(document)])
    return document


def _template_problems(document: PromptDocument) -> Iterator[tuple[str, str]]:
    template = document.to_template()
    try:
        if document.task is not None:
            own = () if document.decomposition is None else (LABEL,)
            template.check_fields((*document.task.fields, *own))
        if document.plm.family == "causal":
            template.check_left_to_right(document.plm.reference)
    except TemplateError as error:
        yield "template", _indented(error)
    yield from _soft_problems(document, [piece for piece in template.pieces if isinstance(piece, Soft)])


def _soft_problems(document: PromptDocument, pieces: Sequence[Soft]) -> Iterator[tuple[str, str]]:
    record, decomposition = document.soft, document.decomposition
    if decomposition is not None and not decomposition.shared:
        pieces = [*pieces] * len(document.verbalizer.labels)
    if record is None:
        if pieces:
            yield "soft", "is missing, though the template has soft tokens"
        return
    if not pieces:
        yield "soft", "is given, though the template has no soft tokens"
    elif len(pieces) != len(record.groups):
        yield "soft.groups", f"{len(record.groups)} for {len(pieces)} soft pieces of the template"
    else:
        for piece, size in zip(pieces, record.groups):
            if piece.count not in (None, size):
                yield "soft.groups", f"{size} tokens for {piece}"
    if sum(record.groups) != record.tokens:
        yield "soft.groups", f"should sum to the {record.tokens} tokens, and sum to {sum(record.groups)}"


def _offset_problems(document: PromptDocument) -> Iterator[tuple[str, str]]:
    calibration, n_labels = document.calibration, len(document.verbalizer.labels)
    yield from _presence_problems(calibration)
    if calibration.label_offsets is not None and len(calibration.label_offsets) != n_labels:
        n_offsets = len(calibration.label_offsets)
        yield "calibration.label_offsets", f"{n_offsets} offsets for {n_labels} labels"
    if calibration.word_offsets is not None:
        words = dict.fromkeys(a.text for label in document.verbalizer.labels for a in label.answers)
        for word in words:
            if word not in calibration.word_offsets:
                yield "calibration.word_offsets", f"no offset for the answer {shown(word)}"
        for word in calibration.word_offsets:
            if word not in words:
                yield "calibration.word_offsets", f"{shown(word)} is no answer of the verbalizer"


def _presence_problems(calibration: CalibrationRecord) -> Iterator[tuple[str, str]]:
    has_offsets = calibration.label_offsets is not None or calibration.word_offsets is not None
    if calibration.method == "none" and has_offsets:
        yield "calibration", 'has offsets, though its method is "none"'
    if calibration.method != "none" and not has_offsets:
        yield "calibration", f'has no offsets, though its method is "{calibration.method}"'


def _indented(error: PromptSearchError) -> str:
    """A whole error inside a list of problems."""
    return str(error).replace("\n", "\n    ")
