"""Texts without labels from a file: to predict, or to search on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from promptsearch.errors import DataError, near_matches
from promptsearch.tasks.columns import parse_mapping
from promptsearch.tasks.readers import data_suffix, read_table, read_text


def rows_of_texts(
    path: Path, fields: Sequence[str], mapping: str | None = None
) -> list[Mapping[str, object]]:
    """One text a line of a plain text file, or a row of a csv, tsv, jsonl or parquet file: field -> value.

    Args:
        mapping: which column each field stands in, as `text=review`; else the column of the field's name.

    Raises:
        DataError: the file is missing or unreadable, or lacks a column.
    """
    if data_suffix(path) is None:
        if len(fields) > 1:
            raise DataError(
                f"texts of {len(fields)} fields are wanted, a plain text file gives one", where=str(path)
            )
        lines = read_text(path).split("\n")
        return [{fields[0]: line.rstrip("\r")} for line in (lines if lines[-1] else lines[:-1])]
    columns = parse_mapping(mapping) if mapping else {}
    table = read_table(path)
    wanted = {name: columns.get(name, name) for name in fields}
    for name, column in wanted.items():
        if column not in table.columns:
            near = near_matches(column, table.columns, most=1)
            raise DataError(
                f"there is no column {column!r} for the field {name!r}",
                where=str(path),
                hint=f"Columns: {', '.join(map(repr, table.columns))}. "
                f"Say which is meant: --map {name}={near[0] if near else 'COLUMN'}.",
            )
    return [{name: row.get(column) for name, column in wanted.items()} for row in table.rows]
