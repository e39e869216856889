"""Which templates come before others whatever a PLM answers."""

from __future__ import annotations

import pytest

from promptsearch.engines.mining.preference import handicapped, preferred, to_read
from promptsearch.template import Template

# Best first by what a PLM makes of them, with their support.
SUPPORT = {
    Template.parse(text): pairs
    for text, pairs in {
        "{subject} saw {mask}.": 1,
        "{subject} left {mask}.": 2,
        "{mask} saw {subject}.": 3,
        "{subject} is of {mask}.": 9,
        "{mask} and {subject}.": 4,
        "{mask} of {subject}.": 4,
    }.items()
}
RANKED = list(SUPPORT)


@pytest.mark.parametrize(
    ("most", "places"),
    [(1, [3]), (2, [3, 4]), (3, [0, 3, 4]), (4, [0, 1, 3, 4]), (5, [0, 1, 2, 3, 4]), (9, range(6)), (0, [])],
)
def test_the_most_supported_of_each_direction_then_the_first(most, places):
    assert preferred(RANKED, SUPPORT, most) == [RANKED[i] for i in places]


def test_where_all_have_one_pair_the_first_are_taken():
    assert preferred(RANKED, dict.fromkeys(RANKED, 1), 2) == RANKED[:2]


def test_of_two_fields_either_is_the_input():
    one, other = map(Template.parse, ("{text_a}? {mask}, {text_b}", "{mask}: {text_a} {text_b}"))
    assert preferred([one, other], {one: 2, other: 3}, 1) == [other]


@pytest.mark.parametrize(("most", "many"), [(5, 5), (6, 6), (9, 6)])
def test_those_of_one_pair_are_read_where_others_leave_room(most, many):
    assert to_read(RANKED, SUPPORT, most) == [*RANKED[1:], RANKED[0]][:many]


def test_so_many_are_read_the_most_supported_among_them():
    assert to_read(RANKED, SUPPORT, most=2) == [RANKED[3], RANKED[4]]


@pytest.mark.parametrize(
    ("accuracy", "n", "expected"),
    # sqrt(1/2 * 1/2 / 16) = 1/8; sqrt(9/10 * 1/10 / 10) = 0.0949 to four places.
    [(0.5, 14, 0.375), (1.0, 8, 1 - 0.0949), (0.0, 8, -0.0949)],
)
def test_what_one_pair_supports_does_a_standard_error_worse(accuracy, n, expected):
    assert handicapped(accuracy, n, 1) == pytest.approx(expected, abs=5e-5)
    assert handicapped(accuracy, n, 2) == accuracy
