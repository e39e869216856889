"""Which templates come before others whatever a PLM answers."""

from __future__ import annotations

import pytest

from promptsearch.engines.mining.preference import preferred, to_read
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
    [(1, [3]), (2, [3, 4]), (3, [1, 3, 4]), (4, [1, 2, 3, 4]), (5, [1, 2, 3, 4, 5]), (9, range(6)), (0, [])],
)
def test_the_most_supported_of_each_direction_then_those_of_several_pairs(most, places):
    assert preferred(RANKED, SUPPORT, most) == [RANKED[i] for i in places]


def test_where_all_have_one_pair_the_first_are_taken():
    assert preferred(RANKED, dict.fromkeys(RANKED, 1), 2) == RANKED[:2]


def test_of_two_fields_either_is_the_input():
    one, other = map(Template.parse, ("{text_a}? {mask}, {text_b}", "{mask}: {text_a} {text_b}"))
    assert preferred([one, other], {one: 2, other: 3}, 1) == [other]


@pytest.mark.parametrize(("places", "many"), [(5, 5), (6, 6)])
def test_those_of_one_pair_are_read_only_if_they_can_get_a_place(places, many):
    chosen = to_read(RANKED, SUPPORT, places, most=9)
    assert len(chosen) == many
    assert (RANKED[0] in chosen) is (many == 6)
    assert chosen[:5] == RANKED[1:]


def test_so_many_are_read_the_most_supported_among_them():
    assert to_read(RANKED, SUPPORT, 1, most=2) == [RANKED[3], RANKED[4]]
