"""Shaded tables: the confusion matrix, and prompts transferred between PLMs."""

from __future__ import annotations

from dataclasses import dataclass

from promptsearch.report.document import Confusion, Transfer
from promptsearch.report.html.figures import percent

_SHADES = 10


@dataclass(frozen=True)
class Cell:
    """A cell of a shaded table.

    Attributes:
        shade: 0 (the ground) to 10.
        diagonal: whether row and column are of the same thing.
    """

    text: str
    shade: int
    diagonal: bool


def confusion_rows(confusion: Confusion) -> list[tuple[str, list[Cell], str]]:
    """Rows of the confusion matrix: true label, counts shaded by their share of the row, recall in percent.

    The column of what could not be scored is left out where there is nothing in it.
    """
    size = len(confusion.labels)
    columns = size + any(sum(counts[size:]) for counts in confusion.counts)
    rows = []
    for i, (label, counts) in enumerate(zip(confusion.labels, confusion.counts)):
        total = sum(counts)
        cells = [
            Cell(f"{n:,}", round(_SHADES * n / total) if total else 0, i == j)
            for j, n in enumerate(counts[:columns])
        ]
        rows.append((label, cells, percent(counts[i] / total if total else None)))
    return rows


def transfer_rows(transfer: Transfer) -> list[tuple[str, list[Cell]]]:
    """Rows of the transfer matrix: whose prompt, figures shaded from the lowest to the highest of all."""
    known = [value for row in transfer.rows for value in row if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    spread = high - low or 1.0
    return [
        (
            plm,
            [
                Cell(percent(value), 0 if value is None else round(_SHADES * (value - low) / spread), i == j)
                for j, value in enumerate(row)
            ],
        )
        for i, (plm, row) in enumerate(zip(transfer.plms, transfer.rows))
    ]
