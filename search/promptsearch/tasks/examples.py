"""Rows into examples."""

from __future__ import annotations

import math

from promptsearch.errors import DataError
from promptsearch.showing import whole_text
from promptsearch.tasks.columns import Columns
from promptsearch.tasks.labels import LEAVE_EMPTY, LabelSet, is_unlabelled, unboxed
from promptsearch.tasks.lazy import LoadedSplit
from promptsearch.tasks.readers import Row, Table
from promptsearch.tasks.task import Example


def examples_of(
    table: Table, split: str, columns: Columns, label_set: LabelSet, *, withheld: bool = False
) -> LoadedSplit:
    """The examples of one split.

    Rows of `train` and `validation` without a label are left out and counted; a `test` split may have
    none. A missing text is kept as "" and counted.

    Args:
        withheld: whether -1 says that a label is missing, see `LabelSet.encode`.

    Raises:
        DataError: a column that this split lacks, a label outside the label set, or a value that is no text.
    """
    _check_columns(table, split, columns)
    examples: list[Example] = []
    unlabelled = blank = 0
    for number, row in enumerate(table.rows, start=1):
        label = _label(row, number, table, columns, label_set, withheld)
        if label is None and split != "test":
            unlabelled += 1
            continue
        values = {
            field: text_of(row.get(column), column, number, table.place)
            for field, column in columns.fields.items()
        }
        blank += any(not text.strip() for text in values.values())
        examples.append(Example(values, label))
    return LoadedSplit(tuple(examples), tuple(_told(split, len(table.rows), unlabelled, blank)))


def _told(split: str, rows: int, unlabelled: int, blank: int) -> list[str]:
    told = []
    if unlabelled:
        told.append(f"{split}: {unlabelled} of {rows} rows have no label and were left out.")
    if blank:
        told.append(f"{split}: {blank} of {rows} rows have an empty text; they are kept as they are.")
    return told


def _check_columns(table: Table, split: str, columns: Columns) -> None:
    needed = dict(columns.fields)
    if split != "test" and columns.label:
        needed["label"] = columns.label
    for field, column in needed.items():
        if column not in table.columns:
            raise DataError(
                f"the column {column!r} (for {field}) is missing in the {split} split",
                where=table.place,
                hint=f"Columns: {', '.join(map(repr, table.columns))}. Name them alike in all splits.",
            )


def _label(
    row: Row, number: int, table: Table, columns: Columns, label_set: LabelSet, withheld: bool
) -> int | None:
    value = row.get(columns.label) if columns.label else None
    try:
        return label_set.encode(value, withheld=withheld)
    except (KeyError, TypeError) as error:
        hint = f"Labels: {', '.join(map(repr, label_set.labels))}."
        if isinstance(error, KeyError) and is_unlabelled(value):
            hint += f" {LEAVE_EMPTY}"
        raise DataError(
            f"the label {value!r} of row {number} is none of the task's",
            where=table.place,
            hint=hint,
        ) from error


def text_of(value: object, column: str, number: int, place: str) -> str:
    """A cell as text; "" where it is missing.

    Raises:
        DataError: a list or object, naming row and column.
    """
    value = unboxed(value)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, str):
        return whole_text(value)
    if isinstance(value, int | float):
        return str(value)
    raise DataError(
        f"the column {column!r} of row {number} holds a {type(value).__name__}, not a text",
        where=place,
        hint="Choose a column of texts with --map, or write its values as texts.",
    )
