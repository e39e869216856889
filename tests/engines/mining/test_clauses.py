"""Clauses: where punctuation cuts a sentence."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.engines.mining.clauses import clauses


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("All in all, it was good.", [("All in all", ","), ("it was good", ".")]),
        ("It cost 3.5 million", [("It cost 3.5 million", "")]),
        ("a dull , slow film .", [("a dull", ","), ("slow film", ".")]),
        ('He said "it is good!" twice', [("He said", '"'), ("it is good", "!"), ("twice", "")]),
        ("Good (very good) - or -- well... what?!", ["Good", "very good", "or", "well", "what"]),
        ("a well-made film", [("a well-made film", "")]),
        ("* It's good", [("It's good", "")]),
        ("很好,真的。好！", [("很好,真的", "。"), ("好", "！")]),
        ("", []),
        (" ?!... ", []),
    ],
)
def test_sentences_are_cut(sentence: str, expected: list[tuple[str, str]] | list[str]) -> None:
    found = [(sentence[c.start : c.end], c.mark) for c in clauses(sentence)]
    assert (found if not expected or isinstance(expected[0], tuple) else [t for t, _ in found]) == expected


@given(st.text(alphabet="ab ,.!?-\"'()…", max_size=40))
def test_clauses_lie_in_order_and_hold_every_letter(sentence: str) -> None:
    found = clauses(sentence)
    assert all(c.start < c.end for c in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
    inside = "".join(sentence[c.start : c.end] for c in found)
    assert [c for c in inside if c.isalpha()] == [c for c in sentence if c.isalpha()]
