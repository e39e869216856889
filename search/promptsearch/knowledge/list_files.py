"""Files of label words: KPT's lines, csv, jsonl and json."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from promptsearch.errors import DataError, near_matches
from promptsearch.tasks.delimited import parse_csv, parse_tsv
from promptsearch.tasks.readers import columns_of, data_suffix, parse_jsonl, read_text

LINES_HINT = "Write a line for each label in the order of the labels, its words parted by commas."
_COLUMNS_HINT = "The first line must name the columns label and word; weight and relation may follow."
_ROWS_HINT = 'Write {"label": "sports", "word": "football"} or {"label": "sports", "words": ["football", …]}.'
_JSON_HINT = 'Write {"sports": ["football", …], …} or {"sports": {"football": 1.0, …}, …}.'
_KNOWN_COLUMNS = ("label", "word", "words", "weight", "relation")


@dataclass(frozen=True)
class ListedWord:
    """One word as it stands in a file.

    Attributes:
        label: the label it is for; None in a file whose lines follow the order of the labels.
        line: the line or row it stands in, counted from 1.
        where: the place, for messages.
    """

    label: str | None
    word: str
    weight: float
    relation: str
    line: int
    where: str


def read_listed(path: Path) -> list[ListedWord]:
    """The words of a file, in its order; see `WordLists.read` for the formats.

    Raises:
        DataError: missing, damaged, not UTF-8, without words, or with a word or weight that is wrong.
    """
    suffix = data_suffix(path)
    if suffix == "parquet":
        raise DataError("words cannot be read from parquet", where=str(path), hint="Write them as csv.")
    text, place = read_text(path), str(path)
    if suffix in ("csv", "tsv"):
        words = list(_from_csv(text, place))
    elif suffix == "jsonl":
        words = list(_from_rows(parse_jsonl(text, place), place, _ROWS_HINT))
    elif suffix == "json":
        words = list(_from_json(text, place))
    else:
        words = list(_from_lines(text, place))
    if not words:
        raise DataError("the file holds no words", where=place, hint="Give each label at least one word.")
    return words


def _from_lines(text: str, place: str) -> Iterator[ListedWord]:
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if line.strip():
            where = f"{place}, line {number}"
            for position, word in enumerate(line.split(","), start=1):
                yield ListedWord(
                    None, _word(word, where, f"word {position} is empty"), 1.0, "listed", number, where
                )


def _from_csv(text: str, place: str) -> Iterator[ListedWord]:
    first = text.lstrip("\r\n").split("\n", 1)[0]
    columns, rows = (parse_tsv if "\t" in first else parse_csv)(text, place)
    lower = [column.lower() for column in columns]
    if missing := [name for name in ("label", "word") if name not in lower]:
        raise DataError(
            f"there is no column {missing[0]!r}",
            where=f"{place}, line 1: {first.strip()[:80]}",
            hint=f"{_COLUMNS_HINT} A file with a line for each label and no header is named .txt.",
        )
    named = [{column.lower(): value for column, value in row.items()} for row in rows]
    yield from _from_rows(named, place, _COLUMNS_HINT)


def _from_rows(rows: list[dict[str, object]], place: str, hint: str) -> Iterator[ListedWord]:
    for column in columns_of(rows):
        near = near_matches(column, _KNOWN_COLUMNS, most=1)
        if near and column not in _KNOWN_COLUMNS and near[0] not in columns_of(rows):
            raise DataError(f"{column!r} is not known", where=place, hint=f"Did you mean {near[0]!r}?")
    for number, row in enumerate(rows, start=1):
        if row and all(isinstance(value, str) and not value.strip() for value in row.values()):
            continue  # a row of blanks, as spreadsheets leave them
        where = f"{place}, row {number}"
        label = _label(row.get("label"), where, hint)
        relation = str(row.get("relation") or "").strip() or "listed"
        if ("word" in row) == ("words" in row):
            raise DataError(f"row {number} must have either word or words", where=where, hint=hint)
        if "words" in row:
            entries = _entries(row["words"], where, hint)
        else:
            entries = [(row["word"], row.get("weight"))]
        for word, weight in entries:
            yield ListedWord(label, _word(word, where), _weight(weight, word, where), relation, number, where)


def _from_json(text: str, place: str) -> Iterator[ListedWord]:
    try:
        data = json.loads(text, object_pairs_hook=lambda pairs: _unique(pairs, place)) if text.strip() else {}
    except json.JSONDecodeError as error:
        hint = "Name a file with an object a line .jsonl." if error.msg == "Extra data" else _JSON_HINT
        where = f"{place}, line {error.lineno}, column {error.colno}"
        raise DataError(f"this is not valid JSON: {error.msg.lower()}", where=where, hint=hint) from error
    except (ValueError, RecursionError) as error:
        raise DataError("the JSON is more than can be read", where=place, hint=_JSON_HINT) from error
    if isinstance(data, list) and all(isinstance(row, dict) for row in data):
        yield from _from_rows(data, place, _ROWS_HINT)
        return
    if not isinstance(data, dict):
        raise DataError("the file holds no JSON object of labels", where=place, hint=_JSON_HINT)
    for number, (label, words) in enumerate(data.items(), start=1):
        where = f"{place}, label {label!r}"
        for word, weight in _entries(words, where, _JSON_HINT):
            yield ListedWord(
                label.strip(), _word(word, where), _weight(weight, word, where), "listed", number, where
            )


def _unique(pairs: list[tuple[str, object]], place: str) -> dict[str, object]:
    """A JSON object; a key that stands twice would lose the words of the first."""
    keys = [key for key, _ in pairs]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise DataError(f"{twice!r} stands twice in one object", where=place, hint="Put them together.")
    return dict(pairs)


def _entries(words: object, where: str, hint: str) -> list[tuple[object, object]]:
    """(word, weight or None) of a word, a list of words, or word -> weight."""
    if isinstance(words, str):
        return [(words, None)]
    if isinstance(words, Mapping):
        return list(words.items())
    if isinstance(words, list):
        return [(word, None) for word in words]
    raise DataError(f"words must be a list or word: weight, not {words!r}", where=where, hint=hint)


def _label(label: object, where: str, hint: str) -> str:
    if isinstance(label, str | int | float) and str(label).strip():
        return str(label).strip()
    raise DataError("the label is missing", where=where, hint=hint)


def _word(word: object, where: str, message: str = "a word is empty") -> str:
    if word is not None and not isinstance(word, str):
        raise DataError(f"a word must be text, not {word!r}", where=where, hint='Put it in quotes: "1".')
    plain = " ".join((word or "").split())
    if not plain:
        raise DataError(message, where=where, hint="Remove it, or a comma too many.")
    return plain


def _weight(weight: object, word: object, where: str) -> float:
    """A weight as a number; 1 where none is given."""
    if weight is None or (isinstance(weight, str) and not weight.strip()):
        return 1.0
    try:
        number = math.nan if isinstance(weight, bool) else float(weight)  # ty: ignore[invalid-argument-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if math.isfinite(number) and number >= 0:
        return number
    raise DataError(
        f"the weight of {word!r} must be a number >= 0, not {weight!r}",
        where=where,
        hint="Write it with a point, such as 0.5; leave it out for 1.",
    )
