"""Drawing some of many examples."""

from __future__ import annotations

import pytest

from promptsearch.tasks.drawing import drawn_by_class
from promptsearch.tasks.task import Example


def examples(labels: list[int | None]) -> list[Example]:
    return [Example({"text": str(i)}, label) for i, label in enumerate(labels)]


@pytest.mark.parametrize(
    ("labels", "most", "many"),
    [
        ([0] * 8 + [1] * 2, 5, {0: 3, 1: 2}),
        ([0] * 8 + [1] * 2, 2, {0: 1, 1: 1}),
        ([0] * 4 + [1] * 4 + [None] * 4, 6, {0: 2, 1: 2, None: 2}),
        ([0] * 9, 4, {0: 4}),
        ([0] * 9, 0, {}),
    ],
)
def test_classes_are_drawn_in_turn(labels, most, many):
    drawn = drawn_by_class(examples(labels), most, seed=0)
    assert drawn == sorted(set(drawn))
    assert {label: sum(labels[i] == label for i in drawn) for label in {labels[i] for i in drawn}} == many


def test_the_seed_fixes_what_is_drawn():
    many = examples([0, 1] * 20)
    draws = [tuple(drawn_by_class(many, 6, seed)) for seed in range(8)]
    assert draws == [tuple(drawn_by_class(many, 6, seed)) for seed in range(8)]
    assert len(set(draws)) > 1


@pytest.mark.parametrize("most", [10, 11])
def test_all_are_taken_where_there_are_no_more(most):
    assert drawn_by_class(examples([0] * 8 + [1] * 2), most, seed=0) == list(range(10))


def test_there_may_be_none():
    assert drawn_by_class([], 3, seed=0) == []
