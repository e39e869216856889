"""Validation errors in a user's words, each with the path of its field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from promptsearch.artefact.checks import MISTAKE, PROBLEMS, shown
from promptsearch.artefact.models import PromptDocument
from promptsearch.errors import near_matches

Location = Sequence[str | int]

_WORDS = {
    "string_type": "should be text",
    "string_unicode": "should be text, and half of a surrogate pair is none",
    "string_too_short": "should not be empty",
    "string_pattern_mismatch": "should have the form {pattern}",
    "int_type": "should be a whole number",
    "float_type": "should be a number",
    "finite_number": "should be a finite number",
    "bool_type": "should be true or false",
    "tuple_type": "should be a list",
    "dict_type": "should be an object",
    "model_type": "should be an object",
    "literal_error": "should be {expected}",
    "greater_than_equal": "should be at least {ge:g}",
    "greater_than": "should be above {gt:g}",
    "less_than_equal": "should be at most {le:g}",
    "less_than": "should be below {lt:g}",
}


def problems_of(error: ValidationError, data: object, model: type[BaseModel] = PromptDocument) -> list[str]:
    """One line per mistake: `verbalizer.labels[1].answers[3].weight: should be a number, got "x"`.

    Args:
        model: which the data were read as.
    """
    return [
        f"{path}: {text}" if path else text
        for found in error.errors()
        for path, text in _problems(found, data, model)
    ]


def path_text(path: Location) -> str:
    """A path as JavaScript writes it: names with dots, positions and odd names in brackets."""
    written = ""
    for part in path:
        if isinstance(part, str) and part.isidentifier():
            written += f".{part}" if written else part
        else:
            written += f"[{shown(part)}]"
    return written


def _problems(error: ErrorDetails, data: object, model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    path = _path(error["loc"], data)
    if error["type"] == PROBLEMS:
        start = path_text(path)
        for inner, text in error.get("ctx", {})["problems"]:
            yield f"{start}.{inner}" if start else inner, text
    elif error["type"] == "missing":
        yield path_text([*path, error["loc"][-1]]), "is missing"
    elif error["type"] == "extra_forbidden":
        yield path_text(path), _unknown_key(path, model)
    elif error["type"] == MISTAKE:
        yield path_text(path), error["msg"]
    elif error["type"] == "too_short":
        yield from _too_short(path_text(path), error)
    else:
        yield path_text(path), f"{_words(error)}, got {shown(error['input'])}"


def _words(error: ErrorDetails) -> str:
    if error["type"] not in _WORDS:
        return error["msg"]
    return _WORDS[error["type"]].format(**error.get("ctx", {})).replace("'", '"')


def _too_short(path: str, error: ErrorDetails) -> Iterator[tuple[str, str]]:
    # A list whose entries are wrong also counts as short; then the entries' own errors say enough.
    least, found = error.get("ctx", {})["min_length"], len(error["input"])
    if found < least:
        yield path, f"needs at least {least}, has {found}"


def _path(location: Location, data: object) -> list[str | int]:
    """The parts of a location that lead through the data; pydantic adds names of types in between."""
    path: list[str | int] = []
    value: Any = data
    for part in location:
        if (isinstance(value, dict) and part in value) or (isinstance(value, list) and isinstance(part, int)):
            path.append(part)
            value = value[part]
    return path


def _unknown_key(path: Location, root: type[BaseModel]) -> str:
    known = list(_model_at(path[:-1], root).model_fields)
    near = near_matches(str(path[-1]), known, most=1)
    meant = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
    return f"unknown field; {meant}"


def _model_at(path: Location, root: type[BaseModel]) -> type[BaseModel]:
    model = root
    for part in path:
        if isinstance(part, str) and part in model.model_fields:
            model = next(_models_in(model.model_fields[part].annotation), model)
    return model


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
