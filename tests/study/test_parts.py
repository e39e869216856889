"""Templates that begin alike are tried by one process."""

from __future__ import annotations

import math
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.study.parts import beginnings, parts
from promptsearch.tasks.task import Example
from promptsearch.template import Template

TEXTS = st.lists(st.text(alphabet="abc", max_size=6), min_size=1, max_size=7)


def reading(texts: list[str]) -> int:
    """Characters to read, what texts begin alike with once: every distinct beginning ends in one."""
    return len({text[:end] for text in texts for end in range(1, len(text) + 1)})


def longest(found: list[list[int]], texts: list[str]) -> int:
    return max(reading([texts[i] for i in part]) for part in found)


@given(TEXTS, st.integers(1, 4), st.integers(1, 7))
def test_every_text_is_in_one_part_and_none_is_too_large(texts, number, most):
    found = parts(dict(enumerate(texts)), number, most)
    assert sorted(i for part in found for i in part) == list(range(len(texts)))
    assert max(map(len, found)) <= most


@given(TEXTS, st.integers(1, 3), st.integers(3, 7))
def test_no_other_cut_into_runs_of_neighbours_makes_the_longest_part_shorter(texts, number, most):
    found = parts(dict(enumerate(texts)), number, most)
    number = max(number, math.ceil(len(texts) / most))
    assert len(found) <= number
    order = sorted(range(len(texts)), key=lambda i: texts[i])
    every = []
    for cuts in product(range(len(texts) + 1), repeat=number - 1):
        edges = [0, *sorted(cuts), len(texts)]
        every.append([order[a:b] for a, b in pairwise(edges) if a < b])
    allowed = [cut for cut in every if max(map(len, cut)) <= most]
    assert longest(found, texts) == min(longest(cut, texts) for cut in allowed)


def test_what_begins_with_the_same_text_stays_together():
    sources = ["{text} It was {mask}", "So: {text} {mask}", "{text} Quite {mask}", "{text} All {mask}"]
    examples = [Example({"text": "a film of some length"}, 0)] * 3
    texts = beginnings(map(Template.parse, sources), examples)
    assert sorted(map(sorted, parts(dict(zip((7, 8, 9, 5), texts)), 2, 16))) == [[5, 7, 9], [8]]


def test_a_part_that_would_be_too_large_is_cut_though_there_are_then_more():
    assert parts(dict.fromkeys(range(5), "ab"), 1, 2) == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize(
    ("source", "length"),
    [("{a} {b} It was {mask}.", 10 + 1 + 3 + 8), ("{b}: {mask} {a}", 3 + 2), ("It is {mask}", 6)],
)
def test_fields_are_as_long_as_in_the_middle_example(source, length):
    rows = [("x", ""), ("words" * 2, "yes"), ("words" * 9, "absolutely not")]
    examples = [Example({"a": a, "b": b}, 0) for a, b in rows]
    (text,) = beginnings([Template.parse(source)], examples)
    assert len(text) == length
