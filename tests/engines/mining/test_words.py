"""Cutting text into words."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.engines.mining.words import Words, composed, has_letters
from tests.engines.mining import slow

strange = st.sampled_from("aZé_1 -'.\t\x1c\x85\u00a0\u0301\u0345\u200d\u0e01\u0e47İıßﬁ東のＡ한ᄀ\U000e0100½א")
texts = st.text(strange | st.characters(exclude_categories=("Cs",)), max_size=30)


@given(texts, st.booleans(), st.booleans())
def test_words_are_those_of_the_definition(text, case, accents):
    words = Words(case, accents)
    text = composed(text)
    assert tuple(words.of(text)) == slow.words(text, case, accents)
    assert list(zip(*words.starts_and_ends(text))) == slow.spans(text)
    assert list(zip(*words.starts_and_ends(text, 2))) == slow.spans(text)[:2]


@given(texts)
def test_ascii_text_has_the_same_words_in_other_text(text):
    text = text.encode("ascii", "ignore").decode()
    assert Words().of(text) == Words().of(f"{text} é")[:-1]


@pytest.mark.parametrize("accents", [True, False])
def test_a_folded_word_stays_as_it_is(accents):
    words = Words(True, accents)
    characters = (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    assert [c for c in characters if words.fold(words.fold(composed(c))) != words.fold(composed(c))] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Saint-Denis's 1st_try", ["saint", "-", "denis", "'", "s", "1st_try"]),
        ("Cafe\u0301 Ǆ ＡＢ", ["cafe", "dz", "ab"]),
        ("Straße İ ﬁn", ["strasse", "i", "fin"]),
        ("東京tower", ["東", "京", "tower"]),
        ("किताब", ["किताब"]),
        ("", []),
    ],
)
def test_words(text, found):
    assert list(Words().key(text)) == found


def test_a_word_of_marks_alone_does_not_vanish():
    assert Words().key("\u0301") == ("\u0301",)


def test_letters():
    assert has_letters(["-", "a"])
    assert has_letters(["_why"])
    assert not has_letters(["-", "!", "_"])
    assert not has_letters([])
