"""Which words around two names become a pattern, and which are the same."""

from __future__ import annotations

import pytest

from promptsearch.engines.mining.mined import top
from promptsearch.engines.mining.pairs import Fact
from promptsearch.engines.mining.patterns import shortened, simplified
from promptsearch.engines.mining.stopwords import is_empty
from promptsearch.engines.mining.words import Words
from tests.engines.mining.tiny import counted, mined, said, shown, supports

BARE = {"window": (0, 0)}


# Words to the left and to the right ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "left"),
    [
        ("the poet ", "The poet "),
        ("one two three four ", "One two three four "),
        ("one two three four five ", None),
        ("In spring, the poet ", "The poet "),
        ("He sang: one two three four ", "One two three four "),
        ("In 1815 the poet ", "The poet "),
        ("In spring, ", None),
        ("In 1815 ", None),
        ("On 12 May the poet ", "The poet "),
        ("On 12 May ", None),
        ("On 12 May 1815 ", None),
        ("“the   poet ", "The poet "),
        ("éclair ", "Éclair "),
    ],
)
def test_a_whole_lead_in_of_up_to_four_words_belongs_to_a_template(before, left):
    bare = "X was born in Y."
    wider = {f"{left}X was born in Y."} if left else set()
    assert supports(mined(said(f"{before}X was born in Y", "Ada Bo"))) == dict.fromkeys({bare} | wider, 2)


@pytest.mark.parametrize(("most", "lead_ins"), [(1, 0), (2, 1), (0, 0)])
def test_how_many_words_to_the_left_can_be_said(most, lead_ins):
    found = mined(said("the poet X was born in Y", "Ada Bo"), window=(most, 0))
    assert [shown(each) for each in found].count("The poet X was born in Y.") == lead_ins


@pytest.mark.parametrize(
    ("behind", "rights"),
    [
        (" city hall", [" city", " city hall"]),
        (" city hall tower", [" city", " city hall"]),
        (" in winter", []),
        (" city of light", [" city"]),
        (", city hall", []),
        ("'s hall", []),
        (" 1815", []),
    ],
)
def test_words_of_meaning_right_behind_belong_to_a_template(behind, rights):
    found = supports(mined(said(f"X saw Y{behind}", "Ada Bo"), window=(0, 2)))
    assert found == dict.fromkeys([f"X saw Y{right}." for right in ("", *rights)], 2)


def test_words_on_both_sides():
    found = supports(mined(said("the poet X saw Y city", "Ada Bo"), window=(2, 1)))
    assert set(found) == {"X saw Y.", "The poet X saw Y.", "X saw Y city.", "The poet X saw Y city."}


@pytest.mark.parametrize(("many", "kept"), [(2, False), (3, True)])
def test_words_around_hold_for_a_tenth_of_the_pairs(many, kept):
    facts = [Fact(f"Person{i}", f"Town{i}") for i in range(30)]
    sentences = [f"{'Today ' * (i < many)}{f.subject} saw {f.object}" for i, f in enumerate(facts)]
    assert ("Today X saw Y." in supports(mined(sentences, [facts]))) is kept


def test_words_around_are_those_of_the_first_place_of_a_pair():
    last, first = said("X saw Y", "Ada Bo"), said("today X saw Y", "Ada Bo")
    assert "Today X saw Y." in supports(mined([*first, *last]))
    assert "Today X saw Y." not in supports(mined([*last, *first]))


# What is left out of a middle ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("middle", "left"),
    [
        (" was born in ", " was born in "),
        (" was born in 1815 in ", " was born in "),
        (" was born in 1815, in ", " was born in "),
        (" (born 1815) lived in ", " lived in "),
        (" [a] (b) lived  in ", " lived in "),
        (", the 3rd of ", ", the of "),
        ("-born 2,000 and 1990s ", "-born and "),
        (" (left open in ", " (left open in "),
        (" won in 3 rounds at ", " won in rounds at "),
        (", 1815, ", ", "),
        (" (1815) ", " "),
        ("1815", ""),
        (" ", " "),
        ("", ""),
        ("は", "は"),
        (" B2B in ", " B2B in "),
        (" was born on 12 May 1815 in ", " was born in "),
        (" was born on May 12, 1815, in ", " was born in "),
        (", the poet born (1815) on the 4th of July in ", ", the poet born in "),
    ],
)
def test_numbers_and_brackets_belong_to_one_pair_alone(middle, left):
    assert simplified(middle) == left


def test_middles_that_differ_in_a_number_count_together():
    found = mined(["Ada moved in 1815 to Rome", "Bo moved (in winter) to Oslo", "Cy moved to Paris"], **BARE)
    assert supports(found)["X moved to Y."] == 3


@pytest.mark.parametrize("middle", [" in ", ", ", " and the ", " (", " 1815 ", " - ", " of the 3rd "])
def test_stop_words_numbers_and_marks_alone_are_no_template(middle):
    assert mined(said(f"X{middle}Y", "Ada Bo Cy"), **BARE) == []


def test_a_word_of_meaning_around_makes_a_template_of_stop_words():
    assert supports(mined(said("the poet X of Y", "Ada Bo"))) == {"The poet X of Y.": 2}


@pytest.mark.parametrize(
    ("words", "empty"),
    [([], True), (["the", ",", "1815"], True), (["the", "poet"], False), (["は"], False), (["'", "s"], True)],
)
def test_empty_words(words, empty):
    assert is_empty(words) is empty


# Shortened -------------------------------------------------------------------------------------------


def test_the_words_beside_the_answer_are_a_phrase_with_or_without_a_form_of_be():
    assert shortened(" is a game made by ", 0) == [
        (", made by ", "game"),
        (" is made by ", "game"),
        (", game made by ", "a"),
        (" is game made by ", "a"),
    ]
    assert shortened(", born in ", 0) == [(", born in ", ",")]
    assert shortened(" born in ", 0) == []


def test_with_the_answer_first_the_phrase_ends_in_a_word_of_meaning():
    assert shortened(" published the first game ", 1) == [
        (" published ", "the"),
        (" published the first ", "game"),
    ]


def test_a_phrase_is_kept_where_the_words_before_vary():
    varied = [*said("X was a poet born in Y", "Ada"), *said("X was some king born in Y", "Bo")]
    assert supports(mined(varied, **BARE)) == {"X, born in Y.": 2, "X was born in Y.": 2}
    alike = said("X grew up speaking Y", "Ada Bo Cy")
    assert supports(mined(alike, **BARE)) == {"X grew up speaking Y.": 3}


def test_a_phrase_cut_off_at_one_word_for_four_pairs_in_five_is_kept():
    sentences = said("X has the seat in Y", "Ada Bo Cy Di") + said("X, a big seat in Y", "Ed")
    assert supports(mined(sentences, **BARE)).get("X, seat in Y.") == 5
    sentences += said("X saw the seat in Y", "Flo")
    assert "X, seat in Y." not in supports(mined(sentences, **BARE))


def test_a_phrase_that_also_stands_by_itself_needs_no_variety():
    found = supports(mined(said("X grew up, born in Y", "Ada Bo Cy") + said("X, born in Y", "Di"), **BARE))
    assert found["X, born in Y."] == 4


def test_others_count_for_a_phrase_whatever_stands_before_it():
    sentences = [*said("X was a poet born in Y", "Ada"), *said("X was some king born in Y", "Bo")]
    sentences += ["Ada was a dog born in Lima", "Bo was a dog born in Lima", "Cy was a dog born in Quito"]
    assert {shown(each): each.others for each in mined(sentences, **BARE)} == {
        "X, born in Y.": 3,
        "X was born in Y.": 3,
    }


# Near-duplicates -------------------------------------------------------------------------------------


def test_wordings_that_differ_little_are_one_under_the_commonest():
    sentences = said("X visited the town of Y", "Ada Bo Cy") + said("X, visited a Town of Y", "Cy Di")
    (found,) = mined(sentences, **BARE)
    assert (shown(found), found.support) == ("X visited the town of Y.", 4)
    assert found.merged == ("{subject}, visited a Town of {mask}.",)


def test_wordings_of_one_pair_each_are_found_together():
    (found,) = mined(said("X visited Y", "Ada") + said("X, visited Y", "Bo"), **BARE)
    assert found.support == 2


def test_others_count_in_any_wording():
    sentences = [*said("X visited Y", "Ada Bo"), "Ada, visited Oslo", "Bo Visited the Rome"]
    (found,) = mined(sentences, **BARE)
    assert found.others == 2


def test_a_genitive_and_other_words_are_not_merged():
    found = mined(said("X's capital Y", "Ada Bo") + said("X capital Y", "Ada Bo"), **BARE)
    assert set(supports(found)) == {"X's capital Y.", "X capital Y."}


def test_the_two_orders_are_not_merged():
    found = mined(said("X visited Y", "Ada Bo") + said("Y visited X", "Ada Bo"), **BARE)
    assert supports(found) == {"X visited Y.": 2, "Y visited X.": 2}


def test_case_is_no_difference_even_where_names_differ_by_it():
    counts = counted(said("X Visited Y", "Ada Bo") + said("X visited Y", "Cy Di"))
    (found,) = top(counts, 0, Words(fold_case=False))
    assert found.support == 4
