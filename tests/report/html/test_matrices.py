"""Shaded tables, worked out by hand."""

from __future__ import annotations

from promptsearch.report.document import Confusion, Transfer
from promptsearch.report.html.matrices import Cell, confusion_rows, transfer_rows


def test_confusion_is_shaded_by_share_of_the_row() -> None:
    rows = confusion_rows(Confusion(labels=("a", "b"), counts=((6, 3, 1), (0, 0, 0))))
    assert rows == [
        ("a", [Cell("6", 6, True), Cell("3", 3, False), Cell("1", 1, False)], "60.0"),
        ("b", [Cell("0", 0, False), Cell("0", 0, True), Cell("0", 0, False)], "–"),
    ]


def test_column_of_the_unscored_is_left_out_where_empty() -> None:
    rows = confusion_rows(Confusion(labels=("a", "b"), counts=((6, 3, 0), (1, 1, 0))))
    assert [len(cells) for _, cells, _ in rows] == [2, 2]


def test_transfer_is_shaded_from_lowest_to_highest() -> None:
    rows = transfer_rows(Transfer(plms=("p", "q"), rows=((0.9, 0.5), (None, 0.7))))
    assert rows == [
        ("p", [Cell("90.0", 10, True), Cell("50.0", 0, False)]),
        ("q", [Cell("–", 0, False), Cell("70.0", 5, True)]),
    ]
