"""Finding names in sentences."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from promptsearch.engines.mining.names import NameFinder
from tests.engines.mining import slow

words = st.lists(st.sampled_from("abc"), max_size=12).map(tuple)
names = st.lists(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(tuple), max_size=12, unique=True
)


@given(names, words)
def test_names_found_are_those_of_the_definition(names, words):
    found = [(start, end, names[number]) for start, end, number in NameFinder(names).find(words)]
    assert found == slow.names_in(words, names)


def test_the_longest_wins_then_the_first():
    finder = NameFinder([("a", "b"), ("b", "c"), ("b", "c", "d"), ("d",)])
    assert finder.find("abcd") == [(1, 4, 2)]
    assert finder.find("abc") == [(0, 2, 0)]
    assert finder.find("dabd") == [(0, 1, 3), (1, 3, 0), (3, 4, 3)]


def test_a_name_cut_off_by_the_start_or_end_is_none():
    finder = NameFinder([("x", "y", "z")])
    assert finder.find("yz") == []
    assert finder.find("zxy") == []
    assert finder.find("xyz") == [(0, 3, 0)]


def test_words_that_are_cut_off_are_not_taken_for_a_shorter_name():
    # Around "a b" a name of three words is looked for too.
    assert NameFinder([("a", "b"), ("a", "b", "c"), ("b", "c")]).find("ab") == [(0, 2, 0)]


def test_a_name_that_two_pairs_of_its_words_lead_to_is_found_once():
    # "x b c" is looked for around "b c", since "x b" is more common; so is whatever else ends in it.
    finder = NameFinder([("a", "b", "c"), ("x", "b", "c"), ("x", "b", "d"), ("x", "b", "e")])
    assert finder.find("abc") == [(0, 3, 0)]
    assert finder.find("abcxbcxbd") == [(0, 3, 0), (3, 6, 1), (6, 9, 2)]
