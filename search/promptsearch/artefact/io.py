"""Reading and writing prompt files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from promptsearch.artefact.checks import shown
from promptsearch.artefact.models import PromptDocument
from promptsearch.artefact.problems import path_text, problems_of
from promptsearch.errors import PromptFileError, near_matches
from promptsearch.paths import atomic_write
from promptsearch.template import point_at

MAX_BYTES = 50_000_000
MAX_PROBLEMS = 8
_SCHEMA_HINT = "`promptsearch schema` prints what a prompt file holds."

Document = TypeVar("Document", bound=BaseModel)


def read_prompt_file(path: str | PathLike[str]) -> PromptDocument:
    """Read a prompt file.

    Raises:
        PromptFileError: the file is missing, too large, not UTF-8, or holds no valid prompt; with the line
            or the path of every field that is wrong.
    """
    return parse_prompt_json(read_file_text(path), where=str(path))


def read_file_text(path: str | PathLike[str]) -> str:
    """The text of a prompt file or one like it.

    Raises:
        PromptFileError: the file is missing, too large or not UTF-8.
    """
    place = Path(path)
    if place.is_dir():
        inside = place / "best_prompt.json"
        hint = f"Did you mean {inside}?" if inside.is_file() else "Give the prompt file in it."
        raise PromptFileError("the prompt file is a folder", where=str(place), hint=hint)
    try:
        with place.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _missing(place) from None
    except OSError as error:
        raise PromptFileError(
            f"the prompt file cannot be read: {error.strerror}", where=str(place)
        ) from error
    if len(content) > MAX_BYTES:
        raise PromptFileError(f"the prompt file is larger than {MAX_BYTES // 10**6} MB", where=str(place))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = f"{place}, byte {error.start}"
        raise PromptFileError("the prompt file is not UTF-8 text", where=where, hint=_SCHEMA_HINT) from None


def write_prompt_file(path: str | PathLike[str], document: PromptDocument) -> None:
    """Write a prompt file under a temporary name, then rename it.

    Raises:
        StorageError: the folder or file cannot be written, or the disk is full.
    """
    atomic_write(Path(path), prompt_json(document))


def prompt_json(document: BaseModel) -> str:
    """A document as JSON text: keys in the order of the models, indented, one line end at the end."""
    return json.dumps(document.model_dump(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def parse_prompt_json(text: str, where: str = "prompt") -> PromptDocument:
    """Read the text of a prompt file; `where` names it in messages.

    Raises:
        PromptFileError: it is no JSON, of another or a newer format, or its fields are wrong.
    """
    return parse_document(text, where, PromptDocument)


def parse_document(text: str, where: str, *models: type[Document]) -> Document:
    """Read the text of a file that holds one of several kinds of document, told apart by their `format`.

    Args:
        models: with fields `format` and `version`, whose defaults are those that are read.

    Raises:
        PromptFileError: it is no JSON, of none of these formats or a newer one, or its fields are wrong.
    """
    try:
        data = _load(text, where)
        model = _model_of(data, where, models)
        return validated(data, model, where)
    except RecursionError:
        raise PromptFileError("the prompt file is nested too deeply", where=where) from None


def validated(data: object, model: type[Document], where: str | None = None) -> Document:
    """A document of these values.

    Raises:
        PromptFileError: with the path of every field that is wrong.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _invalid(problems_of(error, data, model), where) from None


class _Object(dict[str, Any]):
    """A JSON object that remembers a key it was given twice."""

    twice: str | None = None


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    found = _Object(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        found.twice = next(key for key in keys if keys.count(key) > 1)
    return found


def _load(text: str, where: str) -> dict[str, Any]:
    if not text.strip():
        raise PromptFileError("the prompt file is empty", where=where, hint=_SCHEMA_HINT)
    try:
        data = json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise PromptFileError(
            f"the prompt file is not valid JSON: {error.msg[0].lower()}{error.msg[1:]}",
            where=f"{where}, line {error.lineno}, column {error.colno}\n{point_at(text, error.pos)}",
            hint="Mend this place, or save the prompt again.",
        ) from None
    except ValueError:
        # Python refuses to read a whole number of thousands of digits.
        raise PromptFileError("a number in the prompt file has too many digits", where=where) from None
    if not isinstance(data, dict):
        raise PromptFileError(
            f"the prompt file holds {shown(data)}, not a prompt", where=where, hint=_SCHEMA_HINT
        )
    if repeated := [f"{path}the key {shown(key)} is given twice" for path, key in _repeated(data, ())]:
        raise _invalid(repeated, where)
    return data


def _repeated(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[str, str]]:
    """Path and key of every key that is given twice in its object."""
    if isinstance(value, _Object):
        if value.twice is not None:
            yield f"{path_text(path)}: " if path else "", value.twice
        for key, inner in value.items():
            yield from _repeated(inner, (*path, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _repeated(inner, (*path, i))


def _model_of(data: dict[str, Any], where: str, models: Sequence[type[Document]]) -> type[Document]:
    """The model whose format the data name, in a version that can be read."""
    formats = {model.model_fields["format"].default: model for model in models}
    stated = data.get("format")
    if not isinstance(stated, str) or stated not in formats:
        has = f"its format is {shown(stated)}" if "format" in data else "it names no format"
        known = " or ".join(f'"{name}"' for name in formats)
        raise PromptFileError(
            f"this is no prompt file: {has}, and should be {known}", where=where, hint=_SCHEMA_HINT
        )
    model = formats[stated]
    _check_version(data, where, model.model_fields["version"].default)
    return model


def _check_version(data: dict[str, Any], where: str, newest: int) -> None:
    found = data.get("version")
    if type(found) is not int or found < 1:
        has = f"got {shown(found)}" if "version" in data else "it is missing"
        raise _invalid([f"version: should be {newest}, {has}"], where)
    if found > newest:
        raise PromptFileError(
            f"the prompt file is written in format version {shown(found)}; "
            f"this is promptsearch {_installed()}, which reads up to {newest}",
            where=where,
            hint="Upgrade with `pip install -U promptsearch`.",
        )


def _installed() -> str:
    try:
        return version("promptsearch")
    except PackageNotFoundError:
        return "from source"


def _missing(place: Path) -> PromptFileError:
    names = [other.name for other in place.parent.glob("*.json")] if place.parent.is_dir() else []
    near = near_matches(place.name, names, most=1)
    hint = f"Did you mean {place.parent / near[0]}?" if near else "`promptsearch discover` writes one."
    return PromptFileError("the prompt file does not exist", where=str(place), hint=hint)


def _invalid(problems: list[str], where: str | None) -> PromptFileError:
    shown_lines = [f"  {problem}" for problem in problems[:MAX_PROBLEMS]]
    if len(problems) > MAX_PROBLEMS:
        shown_lines.append(f"  … and {len(problems) - MAX_PROBLEMS} more")
    count = "one mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
    return PromptFileError(
        f"the prompt file has {count}",
        where="\n".join([*([where] if where else []), *shown_lines]),
        hint=_SCHEMA_HINT,
    )
