"""Pairs that can be mined with, and what is said of the others."""

from __future__ import annotations

import pytest

from promptsearch.engines.mining.pairs import Fact, Pairs
from promptsearch.engines.mining.words import Words


@pytest.mark.parametrize(
    ("fact", "why"),
    [
        (Fact("", "Rome"), "an empty side"),
        (Fact("Rome", "  "), "an empty side"),
        (Fact("?!", "Rome"), "an empty side"),
        (Fact("Rome", "Rome"), "the same name on both sides"),
        (Fact("Orléans", "ORLEANS"), "the same name on both sides"),
    ],
)
def test_a_pair_is_left_out(fact, why):
    good = Fact("Paris", "France")
    pairs = Pairs.of([("P", [good, fact])], Words())
    assert pairs.relations == {"P": (good,)}
    assert pairs.notices == (f"1 pair left out: {why}, as {fact.subject!r}, {fact.object!r}.",)


def test_names_that_differ_in_accents_alone_are_two_where_accents_count():
    assert Pairs.of([("P", [Fact("Orléans", "Orleans")])], Words(fold_accents=False)).relations["P"]


def test_a_repeated_pair_is_left_out_within_its_relation():
    first, again = Fact("Rome", "Italy"), Fact("ROME", "italy")
    pairs = Pairs.of([("P", [first, again]), ("Q", [again])], Words())
    assert pairs.relations == {"P": (first,), "Q": (again,)}
    assert pairs.notices == ("1 pair left out: repeated, as 'ROME', 'italy'.",)


def test_names_of_one_character_are_kept_and_told():
    facts = (Fact("E", "Paris", ("X",)), Fact("東", "日本"), Fact("R", "E"))
    pairs = Pairs.of([("P", facts)], Words())
    assert pairs.relations["P"] == facts
    [notice] = pairs.notices
    assert notice.startswith("3 names of one character ('E', 'X', 'R')")


def test_one_name_inside_the_other_is_kept_in_silence():
    pairs = Pairs.of([("P", [Fact("York", "New York"), Fact("C++", "A.*")])], Words())
    assert len(pairs.relations["P"]) == 2
    assert pairs.notices == ()


def test_a_relation_without_any_fact_stays():
    assert Pairs.of([("P", [])], Words()).relations == {"P": ()}
