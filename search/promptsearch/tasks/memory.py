"""Rows that are in memory already: a list of dicts, a pandas frame, a `datasets` data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

from promptsearch.errors import DataError
from promptsearch.tasks.lazy import LazyTable
from promptsearch.tasks.readers import Row, Table, columns_of

_PLACE = "the rows given"


@runtime_checkable
class Frame(Protocol):
    """What a pandas frame offers."""

    def to_dict(self, orient: str) -> list[Row]:
        """`orient="records"`: one dict a row."""
        ...


Rows = Iterable[Mapping[str, object]] | Frame


def memory_tables(rows: Rows) -> dict[str, LazyTable]:
    """All rows as `train`, from which the splits are drawn later.

    Raises:
        DataError: no rows, or something else than one mapping a row.
    """
    listed = rows.to_dict(orient="records") if isinstance(rows, Frame) else list(rows)
    if not listed:
        raise DataError("there are no rows", where=_PLACE, hint="Give at least one example.")
    odd = next((row for row in listed if not isinstance(row, Mapping)), None)
    if odd is not None:
        raise DataError(
            f"a row is a {type(odd).__name__}, not a mapping",
            where=_PLACE,
            hint='Each row must look like {"text": …, "label": …}.',
        )
    table = Table(_PLACE, columns_of(listed), [{str(k): v for k, v in row.items()} for row in listed])
    return {"train": LazyTable(lambda: table)}
