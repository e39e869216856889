"""Offers as they are told to other workers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.engines.base import Candidate
from promptsearch.scoring import Calibration
from promptsearch.study.pools import Group, as_json, from_json, offers_of
from promptsearch.template import Template
from promptsearch.verbalizer import Answer, Verbalizer

words = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=8)
weights = st.floats(0.01, 10, allow_nan=False)
labels = st.lists(st.one_of(words, st.integers(-5, 5), st.booleans()), min_size=2, max_size=4)
pieces = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=10)
plain = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), words), lambda each: st.lists(each, max_size=2)
)


def literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


@st.composite
def candidates(draw) -> Candidate:
    chosen = {(type(label), label): label for label in draw(labels)}
    while len(chosen) < 2:
        chosen[(str, f"more{len(chosen)}")] = f"more{len(chosen)}"
    answers = tuple(
        tuple(
            Answer(word, draw(weights)) for word in draw(st.lists(words, min_size=1, max_size=3, unique=True))
        )
        for _ in chosen
    )
    verbalizer = Verbalizer(
        tuple(chosen.values()),
        answers,
        draw(st.sampled_from(["marginal", "mean-log", "sum-log"])),
        draw(st.sampled_from(["exact", "any"])),
    )
    return Candidate(
        Template.parse(f"{literal(draw(pieces))}{{text}}{literal(draw(pieces))}{{mask}}"),
        verbalizer,
        draw(words),
        draw(st.dictionaries(words, plain, max_size=2)),
        draw(st.booleans()),
        fitted=draw(st.booleans()),
    )


@given(st.lists(candidates(), max_size=5))
def test_offers_come_back_as_they_were(found):
    offers = offers_of(found)
    again = from_json(json.loads(json.dumps(as_json(offers))))
    assert again == offers
    # Equality does not tell 1 from True, nor both from 1.0.
    for before, after in zip(offers, again, strict=True):
        for one, other in zip(before.candidates, after.candidates, strict=True):
            assert list(map(type, other.verbalizer.labels)) == list(map(type, one.verbalizer.labels))


def test_templates_keep_their_order_and_candidates_theirs():
    verbalizers = [Verbalizer.of([word, "bad"], ["yes", "no"]) for word in ("good", "great")]
    first, second = Template.parse("{text} It was {mask}."), Template.parse("{mask}: {text}")
    offers = offers_of(
        Candidate(template, verbalizer, "manual")
        for verbalizer in verbalizers
        for template in (first, second)
    )
    assert [offer.template for offer in offers] == [first, second]
    assert [[c.verbalizer for c in offer.candidates] for offer in offers] == [verbalizers, verbalizers]


def test_what_was_fitted_is_not_passed_on():
    verbalizer = Verbalizer.of(["good", "bad"], ["yes", "no"])
    candidate = Candidate(Template.parse("{text} {mask}"), verbalizer, "words")
    fitted = replace(candidate, calibration=Calibration("pmi", (0.1, 0.2)))
    with pytest.raises(ValueError, match="a candidate of words that was fitted"):
        as_json(offers_of([fitted]))


def test_a_group_has_a_parameter_of_its_own():
    assert Group("org/name@main", "mining").parameter == "org/name@main/mining"
