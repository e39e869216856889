"""Texts to predict: from arguments, from a file, or from the lines of stdin."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from promptsearch.errors import DataError, OptionError, PromptSearchError

Text = str | Mapping[str, object]


def from_fields(entries: Sequence[str]) -> list[Text]:
    """One text from `--field NAME=TEXT` entries."""
    found: dict[str, object] = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        name = name.strip()
        if not equals:
            raise OptionError(
                f"--field {entry!r} is not NAME=TEXT", hint="For example --field text_a='It rains.'"
            )
        if name in found:
            raise OptionError(f"the field {name!r} is given twice", hint="Give each field once.")
        found[name] = value
    return [found]


def from_file(path: Path, fields: Sequence[str], mapping: str | None) -> Iterable[Text]:
    """One text a line of a plain text file, or a row of a csv, tsv, jsonl or parquet file."""
    from promptsearch.tasks.readers import data_suffix
    from promptsearch.tasks.texts import rows_of_texts

    rows = rows_of_texts(path, fields, mapping)
    if data_suffix(path) is None:
        return [str(row[fields[0]]) for row in rows]
    return [_checked(row, fields, f"{path}, row {number}") for number, row in enumerate(rows, start=1)]


def from_stdin(fields: Sequence[str]) -> Iterator[Text]:
    """Lines of stdin: plain texts for one field, a JSON object each for several.

    Blank lines are empty texts in the one case, and nothing in the other.
    """
    for number, raw in enumerate(sys.stdin.buffer, start=1):
        line = _decoded(raw, number)
        if len(fields) == 1:
            yield line
        elif line.strip():
            yield _checked(_object(line, fields, number), fields, f"stdin, line {number}")


def at_least_one(texts: Iterable[Text], place: str) -> Iterator[Text]:
    """The same texts. Raises DataError where there are none, which else would look like success."""
    empty = True
    for text in texts:
        empty = False
        yield text
    if empty:
        raise DataError(
            "there are no texts to predict",
            where=place,
            hint="Give texts as arguments, with --file, or as the lines of stdin.",
        )


def in_chunks(texts: Iterable[Text], size: int) -> Iterator[list[Text]]:
    """Texts in lists of `size`; where one cannot be read, those before it come first."""
    chunk: list[Text] = []
    try:
        for text in texts:
            chunk.append(text)
            if len(chunk) == size:
                yield chunk
                chunk = []
    except PromptSearchError:
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk


def _decoded(raw: bytes, number: int) -> str:
    try:
        line = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"line {number} of stdin is not UTF-8: byte 0x{raw[error.start]:02x} at position {error.start}",
            hint="Convert it first, for example with `iconv -f windows-1252 -t utf-8`.",
        ) from None
    return line.removeprefix("\ufeff" if number == 1 else "").rstrip("\r\n")


def _object(line: str, fields: Sequence[str], number: int) -> Mapping[str, object]:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise DataError(
            f"the prompt reads {len(fields)} fields, so a line must be a JSON object",
            where=f"stdin, line {number}: {line[:80]}",
            hint="For example {" + ", ".join(f'"{name}": "…"' for name in fields) + "}.",
        )
    return value


def _checked(text: Mapping[str, object], fields: Sequence[str], place: str) -> Text:
    """The text, found fit for the fields; of one field its value alone."""
    from promptsearch.predicting import as_example

    try:
        values = as_example(text, fields).values
    except DataError as error:
        raise DataError(error.message, where=place, hint=error.hint) from None
    return values[fields[0]] if len(fields) == 1 else values
