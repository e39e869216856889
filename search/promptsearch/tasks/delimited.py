"""csv and tsv text into rows."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Generator
from contextlib import contextmanager

from promptsearch.errors import DataError

Lines = list[tuple[int, list[str]]]


def parse_csv(text: str, place: str) -> tuple[tuple[str, ...], list[dict[str, object]]]:
    """Columns and rows of a csv text whose first line names the columns; `,` or `;` is found out.

    Quoted cells may hold the delimiter, line ends and doubled quotes. A row that is cut short has no
    value in its last columns.

    Raises:
        DataError: naming the line with a stray quote or with too many cells.
    """
    try:
        return _table(_cells(text, _delimiter(text)), place)
    except csv.Error as error:
        raise DataError(
            f"the csv cannot be read: {error}",
            where=f"{place}, {_where(text)}",
            hint='A cell with quotes is written "so: ""quoted"" text", and every quote must be closed.',
        ) from error


def parse_tsv(text: str, place: str) -> tuple[tuple[str, ...], list[dict[str, object]]]:
    """Columns and rows of a tab-separated text.

    Both kinds of tsv are read: with quoted cells, and (as GLUE is published) with quotes that mean
    nothing. It is the first kind if, and only if, the quoting is right throughout and the rows come
    out equally long.
    """
    try:
        quoted = _cells(text, "\t")
        if len({len(cells) for _, cells in quoted}) <= 1:
            return _table(quoted, place)
    except csv.Error:
        pass  # a stray quote: the quotes belong to the text
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return _table([(i, line.split("\t")) for i, line in enumerate(lines, start=1) if line], place)


def _cells(text: str, delimiter: str) -> Lines:
    with _long_cells():
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        return [(reader.line_num, cells) for cells in reader if cells]


def _delimiter(text: str) -> str:
    """The one of `,` and `;` that cuts the first line into more columns."""
    first = text.split("\n", 1)[0].rstrip("\r") + "\n"

    def columns(delimiter: str) -> int:
        try:
            return len(next(csv.reader([first], delimiter=delimiter), []))
        except csv.Error:
            return 0

    return ";" if columns(";") > columns(",") else ","


def _where(text: str) -> str:
    """The line at which the csv reader gives up."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    start = 1
    with _long_cells():
        try:
            for _ in reader:
                start = reader.line_num + 1
        except csv.Error:
            return f"in the row that begins at line {start}"
    return "at the end"


def _table(lines: Lines, place: str) -> tuple[tuple[str, ...], list[dict[str, object]]]:
    if not lines:
        return (), []
    columns = tuple(name.strip() for name in lines[0][1])
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice is not None:
        raise DataError(
            f"the first line names the column {twice!r} twice",
            where=f"{place}, line {lines[0][0]}",
            hint="The first line must name the columns, each once; perhaps it is missing.",
        )
    rows: list[dict[str, object]] = []
    for number, cells in lines[1:]:
        if len(cells) > len(columns):
            raise DataError(
                f"line {number} has {len(cells)} cells, but there are {len(columns)} columns",
                where=f"{place}, line {number}",
                hint=f"Columns: {', '.join(columns)}. Put a cell that holds the delimiter in quotes.",
            )
        rows.append(dict(zip(columns, cells)))
    return columns, rows


@contextmanager
def _long_cells() -> Generator[None]:
    """Lift the csv module's limit of 131,072 characters a cell for a while."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)
