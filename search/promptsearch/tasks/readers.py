"""Data files into rows: csv, tsv, jsonl, json and parquet, gzipped or not, and `datasets` folders."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from promptsearch.errors import DataError

Row = dict[str, object]
FILE_SUFFIXES = ("jsonl", "json", "csv", "tsv", "parquet")
_GZIP_MAGIC = b"\x1f\x8b"
_FORMATS = "Readable are .csv, .tsv, .jsonl, .json and .parquet, each also with .gz."


@dataclass(frozen=True)
class Table:
    """Rows of one split, in the source's order.

    Attributes:
        place: the file or data set, for messages.
        columns: every column that occurs, in order of first appearance.
        class_names: names of the classes of a column, where the file itself carries them.
    """

    place: str
    columns: tuple[str, ...]
    rows: list[Row]
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_table(path: Path) -> Table:
    """Read one data file, whatever its format.

    Raises:
        DataError: missing, empty, of an unknown format, damaged, or not UTF-8; with the line or byte.
    """
    suffix = data_suffix(path)
    if suffix is None:
        raise DataError(f"{path.name} is of no format that can be read", where=str(path), hint=_FORMATS)
    content = _content(path)
    if suffix == "parquet":
        from promptsearch.tasks.arrow import parquet_table

        table = parquet_table(content, str(path))
    elif suffix in ("csv", "tsv"):
        from promptsearch.tasks.delimited import parse_csv, parse_tsv

        columns, rows = (parse_csv if suffix == "csv" else parse_tsv)(decode(content, path), str(path))
        table = Table(str(path), columns, rows)
    else:
        parse = parse_jsonl if suffix == "jsonl" else parse_json
        rows = parse(decode(content, path), str(path))
        table = Table(str(path), columns_of(rows), rows)
    if not table.rows:
        raise DataError(
            "the file holds no rows", where=str(path), hint="Give a file with at least one example."
        )
    return table


def read_rows(path: str | Path) -> list[Row]:
    """The rows of one data file; see `read_table`."""
    return read_table(Path(path)).rows


def read_text(path: Path) -> str:
    """A whole text file, gzipped or not.

    Raises:
        DataError: missing, damaged, or not UTF-8.
    """
    return decode(_content(path), path)


def data_suffix(path: Path) -> str | None:
    """`csv` for `x.csv` and `x.csv.gz`; None for a file that cannot be data."""
    parts = path.name.lower().removesuffix(".gz").rsplit(".", 1)
    suffix = {"ndjson": "jsonl", "pq": "parquet"}.get(parts[-1], parts[-1])
    return suffix if len(parts) == 2 and suffix in FILE_SUFFIXES else None


def columns_of(rows: Iterable[Mapping[str, object]]) -> tuple[str, ...]:
    """Names of all columns, in order of first appearance."""
    return tuple(dict.fromkeys(name for row in rows for name in row))


def parse_jsonl(text: str, place: str) -> list[Row]:
    """One JSON object a line. Lines end at \\n only: U+0085 or U+2028 may stand inside a text."""
    rows: list[Row] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            rows.append(_object(line, place, number))
    return rows


def parse_json(text: str, place: str) -> list[Row]:
    """A JSON list of objects; JSON lines under a .json name are read as well."""
    if not text.strip():
        return []
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        first = text.lstrip().split("\n", 1)[0]
        if error.msg == "Extra data" and first.startswith("{"):
            return parse_jsonl(text, place)
        raise _broken(error, place, error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise _beyond(error, place) from error
    if isinstance(data, dict) and "\n" not in text.strip():
        return [data]
    if not isinstance(data, list):
        raise DataError(
            f"the file holds one JSON {_json_type(data)}, not a list of objects",
            where=place,
            hint='Write [{"text": …, "label": …}, …], or one object a line in a .jsonl file.',
        )
    for number, item in enumerate(data, start=1):
        if not isinstance(item, dict):
            raise DataError(
                f"item {number} of the list is a {_json_type(item)}, not an object",
                where=place,
                hint='Each item must look like {"text": …, "label": …}.',
            )
    return data


def decode(content: bytes, path: Path) -> str:
    """UTF-8 text without its byte-order mark."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        bom = 3 if content.startswith(b"\xef\xbb\xbf") else 0
        position = error.start + bom
        line = content.count(b"\n", 0, position) + 1
        encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "windows-1252"
        plain = path.name.removesuffix(".gz")
        raise DataError(
            f"the file is not UTF-8: byte 0x{content[position]:02x} at position {position}",
            where=f"{path}, line {line}",
            hint=f"If it is {encoding}: iconv -f {encoding} -t utf-8 {plain} > utf8-{plain}",
        ) from error


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError("no such file", where=str(path), hint="Check the path.") from error
    except OSError as error:
        raise DataError(f"the file cannot be read: {error.strerror}", where=str(path)) from error
    if content.startswith(_GZIP_MAGIC):
        return _unzipped(content, path)
    if path.name.lower().endswith(".gz") and content:
        raise DataError(
            "the file is named .gz but is not gzipped", where=str(path), hint="Rename it without .gz."
        )
    return content


def _unzipped(content: bytes, path: Path) -> bytes:
    try:
        return gzip.decompress(content)
    except EOFError as error:
        raise DataError(
            "the gzip file ends too early, as after a broken download",
            where=str(path),
            hint="Fetch or write it again; `gzip -t` shows whether it is whole.",
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"the gzip file is damaged: {error}", where=str(path), hint="Fetch it again."
        ) from error


def _object(line: str, place: str, number: int) -> Row:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise _broken(error, place, number) from error
    except (ValueError, RecursionError) as error:
        raise _beyond(error, f"{place}, line {number}") from error
    if not isinstance(row, dict):
        raise DataError(
            f"line {number} is a JSON {_json_type(row)}, not an object",
            where=f"{place}, line {number}",
            hint='Each line must look like {"text": …, "label": …}.',
        )
    return row


def _broken(error: json.JSONDecodeError, place: str, number: int) -> DataError:
    around = error.doc[max(0, error.pos - 30) : error.pos + 30].strip()
    return DataError(
        f"line {number} is not valid JSON: {error.msg.lower()} (column {error.colno})",
        where=f"{place}, line {number}: … {around} …",
        hint="Mend or remove the line.",
    )


def _beyond(error: ValueError | RecursionError, where: str) -> DataError:
    """JSON that is right, but more than Python reads."""
    what = "is nested too deeply" if isinstance(error, RecursionError) else "has a number of too many digits"
    return DataError(f"the JSON {what}", where=where, hint="Mend or remove it.")


def _json_type(value: object) -> str:
    names = {dict: "object", list: "list", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
