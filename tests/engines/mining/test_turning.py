"""Wordings with the answer first, turned round."""

from __future__ import annotations

import pytest

from promptsearch.engines.mining.turning import turned


@pytest.mark.parametrize(
    ("middle", "expected"),
    [
        (" is the capital of ", "The capital of X is Y"),
        (", the capital of ", "The capital of X is Y"),
        (", capital of ", "The capital of X is Y"),
        (", which was the capital of ", "The capital of X was Y"),
        (", capital of the ", "The capital of the X is Y"),
        (" is a city in ", "A city in X is Y"),
        (" were the founders of ", "The founders of X were Y"),
        (" was born in ", "Born in X was Y"),
        (", formed in the wake of the ", "Formed in the wake of the X is Y"),
        (" was composed of ", "Composed of X was Y"),
        (", Born near ", "Born near X is Y"),
        (" is made of ", "Made of X is Y"),
        (" IS THE OWNER OF ", "THE OWNER OF X IS Y"),
    ],
)
def test_copulas_and_appositions(middle, expected):
    before, behind = turned(middle)
    assert f"{before}X{behind}Y" == expected


OTHERS = """
| is | of | is of | remembers | lived in | is larger than |, Texas, | is the man who died in
| is not the king of | and is the king of |, and the king of |, it is found in | is the capital, seat of
| is one of the best of all of six of |, because of |, instead of |, made of |, full of |, died in
|, lived in |, after the death of |, according to | is never part of | is no friend of
"""
UNSPACED = ("", " ", ", ", "is the capital of ", " is the capital of", " is the capital of  the ")


@pytest.mark.parametrize("middle", [*UNSPACED, *(f"{each.rstrip()} " for each in OTHERS.split("|"))])
def test_others_are_left_as_they_are(middle):
    assert turned(middle) is None
