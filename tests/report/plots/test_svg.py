from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.report.plots.axes import apart, legend
from promptsearch.report.plots.svg import WIDTH, number, picture, shortened, shown, text, width_of


@pytest.mark.parametrize(
    ("value", "told"), [(12.0, "12"), (12.34, "12.3"), (-0.01, "0"), (-0.26, "-0.3"), (100.0, "100")]
)
def test_coordinates_have_a_tenth_at_most(value: float, told: str):
    assert number(value) == told


@given(st.text())
def test_any_text_can_be_drawn(words: str):
    drawn = picture("x", 10, words, words, [text(0, 0, words)])
    assert len(list(ElementTree.fromstring(drawn))) == 3


def test_text_is_shown_as_it_is_on_one_line():
    assert shown("<b>&\n\x1b[31m\u202e\uffff") == "&lt;b&gt;&amp;⏎�[31m��"


def test_cut_text_keeps_the_end_that_is_asked_for():
    assert shortened("abcdefghij", 40) == "abcd…"
    assert shortened("abcdefghij", 40, keep_end=True) == "…ghij"
    assert shortened("abcd", 40) == "abcd"


@given(st.text(max_size=60), st.floats(20, 300))
def test_cut_text_fits(words: str, width: float):
    assert width_of(shortened(words, width)) <= width


@given(st.lists(st.tuples(st.floats(0, WIDTH), st.text("0123456789", min_size=1, max_size=8)), max_size=30))
def test_labels_never_overlap_nor_leave_the_plot(labels: list[tuple[float, str]]):
    kept = apart(sorted(labels))
    spans = [(x - width_of(words) / 2, x + width_of(words) / 2) for x, words in kept]
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    assert all(start >= -1e-9 and end <= WIDTH + 1e-9 for start, end in spans)
    assert bool(kept) == bool(labels)


def test_a_legend_takes_another_row_where_the_first_is_full():
    entry = (lambda x, y: f"{x:g} {y:g}", "m" * 40)
    assert legend([], 4) == ([], 4)
    assert legend([entry], 4)[1] == 26
    parts, end = legend([entry, entry], 4)
    assert (parts[0], parts[2], end) == ("16 15", "16 37", 48)
