from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.study.rewording import WORDINGS, rewordings
from promptsearch.template import Field, Mask, Piece, Soft, Template, Text, Trigger

TEXTS = st.text(
    st.sampled_from("aB é.:,!?-\"'{}ßÆ\n\r\t好。") | st.characters(codec="utf-8"), max_size=12
).map(Text)
OTHERS = st.sampled_from([Field("text"), Field("b"), Soft(2), Soft(init="It was"), Trigger(3)])
SIDES = st.lists(TEXTS | OTHERS, max_size=4)
TEMPLATES = st.builds(lambda left, right: Template((*left, Mask(), *right)), SIDES, SIDES)


def reworded(source: str, *label_words: str) -> dict[str, str]:
    found = rewordings(Template.parse(source), label_words)
    return {each.change: str(each.template) for each in found}


def test_a_cloze_template():
    assert reworded("{text} It was {mask}.") == {
        "first letter in lower case": "{text} it was {mask}.",
        "words capitalised": "{text} It Was {mask}.",
        "no punctuation at the end": "{text} It was {mask}",
        "an exclamation mark at the end": "{text} It was {mask}!",
        "a space doubled": "{text}  It was {mask}.",
        "no blank before the slot": "{text} It was{mask}.",
        "a line end for a space": "{text}\nIt was {mask}.",
        "quotation marks around the field": '"{text}" It was {mask}.',
        "all in capitals": "{text} IT WAS {mask}.",
        "a colon before the slot": "{text} It was: {mask}.",
        "single quotation marks around the field": "'{text}' It was {mask}.",
        "a question mark at the end": "{text} It was {mask}?",
    }


def test_a_prefix_template():
    assert reworded("Review: {text}\nSentiment: {mask}") == {
        "first letter in lower case": "review: {text}\nSentiment: {mask}",
        "all in lower case": "review: {text}\nsentiment: {mask}",
        "no punctuation before the slot": "Review: {text}\nSentiment {mask}",
        "a question mark before the slot": "Review: {text}\nSentiment? {mask}",
        "a dash for each colon": "Review - {text}\nSentiment - {mask}",
        "a space doubled": "Review:  {text}\nSentiment: {mask}",
        "no blank before the slot": "Review: {text}\nSentiment:{mask}",
        "a line end for a space": "Review:\n{text}\nSentiment: {mask}",
        "spaces for line ends": "Review: {text} Sentiment: {mask}",
        "quotation marks around the field": 'Review: "{text}"\nSentiment: {mask}',
        "all in capitals": "REVIEW: {text}\nSENTIMENT: {mask}",
        "a full stop before the slot": "Review: {text}\nSentiment. {mask}",
    }


@pytest.mark.parametrize(
    ("source", "change", "expected"),
    [
        ("{a} - it is {mask}", "a colon for each dash", "{a}: it is {mask}"),
        ("\"{a}\" or '{b}'? {mask}", "no quotation marks around the field", "{a} or {b}? {mask}"),
        ("({mask}){text}", "a full stop at the end", "({mask}){text}."),
        ("{text}{mask}", "a space before the slot", "{text} {mask}"),
        ("it's a {mask}: {text}", "words capitalised", "It's A {mask}: {text}"),
        ("{text}\r\n\r\n{mask}", "spaces for line ends", "{text} {mask}"),
        ("{text} 好吗。{mask}", "no punctuation before the slot", "{text} 好吗{mask}"),
        ("see http://a.b: {mask}", "a dash for each colon", "see http://a.b - {mask}"),
    ],
)
def test_single_changes(source, change, expected):
    assert reworded(source)[change] == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{text} Positive or negative? {mask}", "{text} Negative or positive? {mask}"),
        ("Is {text} good, so good-ish or bad: {mask}", "Is {text} bad, so good-ish or good: {mask}"),
        ("Very good or {text} good {mask}", "Good or {text} very good {mask}"),
    ],
)
def test_named_label_words_are_turned_round(source, expected):
    found = reworded(source, "good", "very good", "bad", "positive", "negative")
    assert found["label words in reverse order"] == expected


@pytest.mark.parametrize("source", ["{text} It was {mask}.", "{text} good? {mask}", "goods or badly {mask}"])
def test_label_words_that_are_not_named_have_no_order(source):
    assert "label words in reverse order" not in reworded(source, "good", "bad")


def test_few_characters_have_few_changes():
    assert reworded("{mask}") == {
        "a space before the slot": " {mask}",
        "a line end before the slot": "\n{mask}",
        "two spaces before the slot": "  {mask}",
    }


@pytest.mark.parametrize(
    "source",
    ["{text}{mask}", "{mask} news: {text}", "{a}? {mask}, {b}", "{text} 这是{mask}的。", "{x} - {mask}"],
)
def test_a_template_with_a_field_has_12(source):
    assert len(reworded(source)) == WORDINGS


def others(template: Template) -> list[Piece]:
    return [piece for piece in template.pieces if not isinstance(piece, Text)]


@given(TEMPLATES, st.lists(st.text(min_size=1, max_size=4).filter(str.strip), max_size=3))
def test_any_template_keeps_all_but_its_wording(template, label_words):
    found = rewordings(template, label_words)
    changed = [each.template for each in found]
    assert found == rewordings(template, label_words)
    assert len(found) <= WORDINGS
    assert len({template, *changed}) == len(found) + 1
    assert len({each.change for each in found}) == len(found)
    for each in changed:
        assert Template.parse(str(each)) == each
        assert others(each) == others(template)
        assert each.form == "prefix" or template.form == "cloze"
    if template.fields and template.slot:
        assert len(found) == WORDINGS
