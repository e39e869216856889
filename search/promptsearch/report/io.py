"""Reading reports."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from promptsearch.artefact.checks import shown
from promptsearch.artefact.problems import problems_of
from promptsearch.errors import ReportError
from promptsearch.report.document import FORMAT, VERSION, ReportDocument
from promptsearch.report.writing import JSON_FILE
from promptsearch.study.artefacts import TUNING_FILE
from promptsearch.template import point_at

MAX_BYTES = 200_000_000
_MAX_PROBLEMS = 8
_SCHEMA_HINT = "`promptsearch schema report` prints what a report holds."


def read_report(path: str | PathLike[str]) -> ReportDocument:
    """The report of a run.

    Args:
        path: the run's folder, or its `report.json`.

    Raises:
        ReportError: there is none, or it is no JSON, of another or a newer format, or its fields are wrong.
    """
    place = Path(path)
    if place.is_dir():
        place /= JSON_FILE
    return parse_report(_text(place), str(place))


def parse_report(text: str, where: str = "report") -> ReportDocument:
    """The report that a text holds; `where` names it in messages.

    Raises:
        ReportError: as `read_report`.
    """
    try:
        data = _object(text, where)
        _check_format(data, where)
        # JSON knows lists alone, which only this way of reading takes for tuples.
        return ReportDocument.model_validate_json(text)
    except ValidationError as error:
        raise _invalid(problems_of(error, data, ReportDocument), where) from None
    except RecursionError:
        raise ReportError("the report is nested too deeply", where=where) from None


def _text(place: Path) -> str:
    try:
        with place.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        hint = "`promptsearch discover` writes one into the folder of its run when it ends."
        if (place.parent / TUNING_FILE).exists():
            hint = f"That of a training is {place.with_name('report.md')}, as text."
        raise ReportError("there is no report", where=str(place), hint=hint) from None
    except OSError as error:
        raise ReportError(f"the report cannot be read: {error.strerror}", where=str(place)) from error
    if len(content) > MAX_BYTES:
        raise ReportError(f"the report is larger than {MAX_BYTES // 10**6} MB", where=str(place))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReportError("the report is not UTF-8 text", where=f"{place}, byte {error.start}") from None


def _object(text: str, where: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ReportError(
            f"the report is not valid JSON: {error.msg[0].lower()}{error.msg[1:]}",
            where=f"{where}, line {error.lineno}, column {error.colno}\n{point_at(text, error.pos)}",
            hint="It may be cut short: the command of the run makes it anew with --resume.",
        ) from None
    except ValueError:
        # Python refuses to read a whole number of thousands of digits.
        raise ReportError("a number in the report has too many digits", where=where) from None
    if not isinstance(data, dict):
        raise ReportError(f"the file holds {shown(data)}, not a report", where=where, hint=_SCHEMA_HINT)
    return data


def _check_format(data: dict[str, Any], where: str) -> None:
    stated, version = data.get("format"), data.get("version")
    if stated != FORMAT:
        has = f"its format is {shown(stated)}" if "format" in data else "it names no format"
        raise ReportError(
            f'this is no report: {has}, and should be "{FORMAT}"', where=where, hint=_SCHEMA_HINT
        )
    if type(version) is not int or version < 1:
        has = f"got {shown(version)}" if "version" in data else "it is missing"
        raise _invalid([f"version: should be {VERSION}, {has}"], where)
    if version > VERSION:
        raise ReportError(
            f"the report has format version {shown(version)}; this promptsearch reads up to {VERSION}",
            where=where,
            hint="Upgrade with `pip install -U promptsearch`.",
        )


def _invalid(problems: list[str], where: str) -> ReportError:
    lines = [f"  {problem}" for problem in problems[:_MAX_PROBLEMS]]
    if len(problems) > _MAX_PROBLEMS:
        lines.append(f"  … and {len(problems) - _MAX_PROBLEMS} more")
    number = "one mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
    return ReportError(f"the report has {number}", where="\n".join([where, *lines]), hint=_SCHEMA_HINT)
