"""Rows that are in memory already: a list of dicts, a pandas frame, a `datasets` data set."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from promptsearch.errors import DataError
from promptsearch.tasks.lazy import LazyTable
from promptsearch.tasks.readers import Row, Table, columns_of

if TYPE_CHECKING:
    import datasets

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
    if isinstance(rows, Mapping):
        raise DataError(
            f"a {type(rows).__name__} was given, not rows",
            where=_PLACE,
            hint="Give a list with one mapping a row; of a data set with splits, write save_to_disk and "
            "give the folder.",
        )
    if (data_set := _data_set(rows)) is not None:
        from promptsearch.tasks.arrow import dataset_table

        found = dataset_table(data_set, _PLACE)
        if not found.rows:
            raise DataError("there are no rows", where=_PLACE, hint="Give at least one example.")
        return {"train": LazyTable(lambda: found)}
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
    named: list[Row] = [{str(k): v for k, v in row.items()} for row in listed]
    table = Table(_PLACE, columns_of(named), named)
    return {"train": LazyTable(lambda: table)}


def _data_set(rows: object) -> datasets.Dataset | None:
    """The rows, if they are a data set of the `datasets` library: its `to_dict` is not that of a frame."""
    library = sys.modules.get("datasets")
    return rows if library is not None and isinstance(rows, library.Dataset) else None
