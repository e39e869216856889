"""Mined templates: what they are worth, how they read, where they were seen."""

from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.engines.mining.counts import Counts
from promptsearch.engines.mining.mined import specificity, templates_of, top
from promptsearch.engines.mining.pairs import Fact
from promptsearch.engines.mining.patterns import Pattern
from promptsearch.template import Template
from tests.engines.mining.tiny import BORN, TOWNS, WORDS, counted, mined, said, shown, supports

BARE = {"window": (0, 0)}


# What they are worth ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((3, 4, 0, 0), 0.75 / 1.25),  # p = 3/4, q = 1/2
        ((4, 4, 1, 5), 1 / 1.25),  # p = 1, q = 1.5/6
        ((1, 2, 5, 10), 0.5),  # p = 1/2, q = 5.5/11
        ((1, 18, 0, 0), 1 / 10),  # p = 1/18, q = 1/2, since no other pair was met
    ],
)
def test_specificity_is_worked_out_by_hand(counts, expected):
    assert specificity(*counts) == pytest.approx(expected, rel=1e-12)


def test_specific_beside_names_that_do_not_belong_together():
    sentences = [*said("X visited Y", "Ada Bo Cy"), *said("X grew up around Y", "Ada Di")]
    sentences += ["Ada visited Oslo", "Bo visited Rome", "Cy never saw Oslo"]
    visited, grew = sorted(mined(sentences, **BARE), key=shown, reverse=True)
    # Four pairs were found near each other; three that are no pairs, of which two "visited".
    assert (shown(visited), visited.support, visited.others) == ("X visited Y.", 3, 2)
    assert visited.specificity == pytest.approx((3 / 4) / (3 / 4 + 2.5 / 4))
    assert (shown(grew), grew.support, grew.others) == ("X grew up around Y.", 2, 0)
    assert grew.specificity == pytest.approx((2 / 4) / (2 / 4 + 0.5 / 4))
    assert visited.score == pytest.approx(visited.specificity * math.log2(1 + 3))
    assert grew.score == pytest.approx(grew.specificity * math.log2(1 + 2))


def test_specific_beside_other_relations():
    died = [Fact("Gil", "Bonn"), Fact("Hal", "Graz"), Fact("Ada", "Rome")]
    sentences = [
        *said("X lived in Y", "Ada Bo"),
        "Gil lived in Bonn",
        "Hal died young in Graz",
        *said("X left Y", "Cy Di"),
    ]
    found = {shown(each): each for each in mined(sentences, [BORN, died], **BARE)}
    # A pair of both relations (Ada, Rome) counts for this one alone; Gil and Hal are the others.
    assert {name: (each.support, each.others) for name, each in found.items()} == {
        "X lived in Y.": (2, 1),
        "X left Y.": (2, 0),
    }
    assert found["X lived in Y."].specificity == pytest.approx((2 / 4) / (2 / 4 + 1.5 / 3))
    assert found["X left Y."].specificity == pytest.approx((2 / 4) / (2 / 4 + 0.5 / 3))


def test_a_hundred_sentences_of_one_pair_are_one_pair():
    sentences = [f"Ada moved to Rome, they say for time {i}" for i in range(100)] + said(
        "X visited Y", "Bo Cy Di"
    )
    assert supports(mined(sentences, **BARE)) == {"X visited Y.": 3}
    found = mined(sentences, least=1, **BARE)
    assert [shown(each) for each in found] == ["X visited Y.", "X moved to Y."]
    assert [each.support for each in found] == [3, 1]


def test_the_best_come_first_and_ties_by_their_text():
    sentences = [
        *said("X visited Y", "Ada Bo"),
        *said("X admired Y", "Ada Bo"),
        *said("X left Y", "Ada Bo Cy"),
    ]
    found = mined(sentences, **BARE)
    assert [shown(each) for each in found] == ["X left Y.", "X admired Y.", "X visited Y."]
    assert [shown(each) for each in mined(sentences, most=1, **BARE)] == ["X left Y."]
    assert mined(sentences, least=4, **BARE) == []


def test_the_ranking_does_not_depend_on_the_order_of_counts():
    wordings = [
        "the poet X was born in Y city",
        "X, was a man born in Y",
        "Y's X",
        "X visited the Y",
        "X visited Y hall",
    ]
    sentences = [
        line for i, wording in enumerate(wordings) for line in said(wording, " ".join(list(TOWNS)[i % 3 :]))
    ]
    sentences += ["Ada visited Oslo", "Bo was a man born in Rome"]
    counts = counted(sentences)
    expected = top(counts, 0, WORDS, least=1)
    assert len(expected) > 5
    for seed in range(5):
        keys = list(counts.seen)
        random.Random(seed).shuffle(keys)
        seen = {
            key: dict(random.Random(seed).sample(list(counts.seen[key].items()), len(counts.seen[key])))
            for key in keys
        }
        assert top(Counts(**{**vars(counts), "seen": seen}), 0, WORDS, least=1) == expected


def test_what_pruning_may_have_missed_is_told():
    counts = counted(said("X visited Y", "Ada Bo"))
    counts.missed = 7
    assert [each.missed for each in top(counts, 0, WORDS)] == [7]


def test_no_text_has_no_templates():
    assert mined([]) == []
    assert mined(["Ada never saw Oslo"]) == []


# How they read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "cloze", "prefix"),
    [
        ((0, "", " was born in ", ""), "{subject} was born in {mask}.", "{subject} was born in {mask}"),
        ((1, "", " is home to ", ""), "{mask} is home to {subject}.", "Home to {subject} is {mask}"),
        ((1, "", ", capital of ", ""), "{mask}, capital of {subject}.", "The capital of {subject} is {mask}"),
        ((1, "The ", " is part of ", ""), "The {mask} is part of {subject}.", None),
        ((1, "", " remembers ", ""), "{mask} remembers {subject}.", None),
        ((0, "The poet ", " left ", ""), "The poet {subject} left {mask}.", "The poet {subject} left {mask}"),
        ((0, "", " left ", " city"), "{subject} left {mask} city.", None),
        ((1, "In ", " lived ", " once"), "In {mask} lived {subject} once.", None),
        ((0, "", " is in ", " now!"), "{subject} is in {mask} now!", None),
        ((0, "", " is in ", " now. "), "{subject} is in {mask} now. ", None),
        ((0, "{a} ", " {{b} ", ""), "{{a}} {subject} {{{{b}} {mask}.", "{{a}} {subject} {{{{b}} {mask}"),
    ],
)
def test_patterns_as_templates(pattern, cloze, prefix):
    found = templates_of(Pattern(*pattern), "subject")
    assert [None if each is None else str(each) for each in found] == [cloze, prefix]


def test_the_field_is_the_tasks():
    (found,) = mined(said("X visited Y", "Ada Bo"), fields=("person", "town"))
    assert str(found.prefix) == "{person} visited {mask}"


def test_both_orders_are_found():
    found = mined(said("X visited Y", "Ada Bo") + said("Y remembers X", "Ada Bo"))
    assert {shown(each): each.prefix is None for each in found} == {
        "X visited Y.": False,
        "Y remembers X.": True,
    }


@pytest.mark.parametrize("odd", ["{", "}", "{{", "{mask}", "{subject}", "\\g", "%s", "<mask>", "{soft:it}"])
def test_characters_of_templates_in_a_text_are_only_text(odd):
    found = mined(said(f"X visited {odd} Y", "Ada Bo"), **BARE)
    assert [each.support for each in found][:1] == [2]
    for each in found:
        assert Template.parse(str(each.cloze)) == each.cloze
        assert each.cloze.fields == ("subject",)
    assert f"Ada visited {odd} Rome." in {each.cloze.fill({"subject": "Ada"}, "Rome") for each in found}


ODD = st.text(st.sampled_from("{}[](),.:;!?'\"*\\ \t\u00a0\u200fab1é\u0301東ה–$%<>mask"), max_size=12)


@given(ODD, ODD, ODD, st.booleans())
def test_templates_are_read_again_as_they_are(before, between, behind, turned):
    wording = (
        f"{before} {'Y' if turned else 'X'} {between} visited {between} {'X' if turned else 'Y'} {behind}"
    )
    for each in mined(said(wording, "Ada Bo"), least=1):
        for template in filter(None, (each.cloze, each.prefix)):
            assert Template.parse(str(template)) == template
            assert template.fields == ("subject",)
        assert str(each.cloze)[-1] in ".!?"
        assert not str(each.cloze).endswith("..")
        assert (each.prefix is None) == (
            each.cloze.slot != len(each.cloze.pieces) - 2 or str(each.cloze.pieces[-1]) != "."
        )
        assert each.support in (1, 2)


# Where they were seen --------------------------------------------------------------------------------


def test_examples_are_the_first_sentence_of_each_pair():
    sentences = [
        "Nothing.",
        "The poet Bo, at last, visited Oslo.",
        *said("X visited Y", "Cy Di Ed"),
        "Ada visited Rome",
    ]
    (found,) = mined(sentences, **BARE)
    assert [(s.source, s.line, s.sentence) for s in found.sightings] == [
        ("towns.txt", 3, "Cy visited Paris"),
        ("towns.txt", 4, "Di visited Lima"),
        ("towns.txt", 5, "Ed visited Cairo"),
    ]
    assert [each.sightings for each in mined(sentences, examples=0, **BARE)] == [()]
    assert [len(each.sightings) for each in mined(sentences, examples=9, **BARE)] == [4]


@pytest.mark.parametrize(
    ("sentence", "x", "words", "y"),
    [
        ("In 1815 Ada  visited (old) Rome city.", "Ada", "  visited (old) ", "Rome"),
        ("Éire: ROME\tremembers  ada", "ada", "\tremembers  ", "ROME"),
    ],
)
def test_the_spans_of_an_example_are_the_names_and_the_words_between(sentence, x, words, y):
    (sighting,) = mined([sentence], least=1, **BARE)[0].sightings
    assert sentence[slice(*sighting.x)] == x
    assert sentence[slice(*sighting.y)] == y
    assert sentence[slice(*sighting.words)] == words


def test_the_record_is_json():
    (found,) = mined(said("X visited Y", "Ada Bo"), examples=1)
    assert json.loads(json.dumps(found.record())) == {
        "template": "{subject} visited {mask}.",
        "prefix": "{subject} visited {mask}",
        "support": 2,
        "each_wording_may_lack": 0,
        "others": 0,
        "specificity": 0.6667,
        "examples": [
            {
                "sentence": "Ada visited Rome",
                "source": "towns.txt",
                "line": 1,
                "x": [0, 3],
                "y": [12, 16],
                "words": [3, 12],
            }
        ],
        "merged": [],
    }


# Other scripts ---------------------------------------------------------------------------------------


def test_text_from_right_to_left():
    facts = [Fact("חיפה", "ישראל"), Fact("פריז", "צרפת")]
    sentences = ["העיר חיפה שוכנת בתוך ישראל.", "העיר פריז שוכנת בתוך צרפת."]
    found = mined(sentences, [facts])
    middle = " שוכנת בתוך "
    assert {str(each.cloze) for each in found} == {
        f"{{subject}}{middle}{{mask}}.",
        f"העיר {{subject}}{middle}{{mask}}.",
    }
    for each in found:
        (first, _) = each.sightings
        assert first.sentence[slice(*first.words)] == middle
        assert each.cloze.fill({"subject": "חיפה"}, "ישראל") in (
            sentences[0],
            sentences[0].removeprefix("העיר "),
        )


def test_text_without_blanks():
    facts = [Fact("東京", "日本"), Fact("巴里", "仏国")]
    (found,) = mined(["東京は日本の都", "巴里は仏国の都"], [facts], **BARE)
    assert str(found.cloze) == "{subject}は{mask}."
