from __future__ import annotations

import pytest

from promptsearch.errors import DataError, OptionError
from promptsearch.tasks import known_task, parse_mapping
from promptsearch.tasks.columns import choose_columns


def test_mapping_is_read_with_blanks_around():
    assert parse_mapping("text=review, label = stars") == {"text": "review", "label": "stars"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("text", "'text' is not of the form field=column"),
        ("text=", "'text=' is not of the form"),
        ("", "'' is not of the form"),
        ("text=a,text=b", "the field 'text' is mapped twice"),
        ("mask=a", "'mask' is a word of the template language"),
        ("my text=a", "'my text' is not a name"),
    ],
)
def test_a_mistaken_mapping_is_refused(text, message):
    with pytest.raises(OptionError) as caught:
        parse_mapping(text)
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("columns", "fields", "label"),
    [
        (("text", "label"), {"text": "text"}, "label"),
        (("id", "text_b", "text_a", "label"), {"text_a": "text_a", "text_b": "text_b"}, "label"),
        (("review", "stars"), {"text": "review"}, "stars"),
        (("Review", "Sentiment"), {"text": "Review"}, "Sentiment"),
        (("premise", "hypothesis", "label"), {"text_a": "premise", "text_b": "hypothesis"}, "label"),
        (
            ("idx", "sentence1", "sentence2", "target"),
            {"text_a": "sentence1", "text_b": "sentence2"},
            "target",
        ),
        (("subject", "object"), {"subject": "subject"}, "object"),
        (("words", "verdict", "text"), {"text": "text"}, None),
        (("id", "blurb", "label"), {"text": "blurb"}, "label"),
        (("text", "verdict"), {"text": "text"}, "verdict"),
    ],
)
def test_columns_are_guessed(columns, fields, label):
    chosen = choose_columns(columns, "x.csv")
    assert (chosen.fields, chosen.label) == (fields, label)


def test_a_guess_is_told_and_an_exact_name_is_not():
    assert choose_columns(("text", "label"), "x.csv").notices == ()
    assert choose_columns(("review", "stars"), "x.csv").notices == (
        "Columns were guessed: text = column 'review', label = column 'stars' (say otherwise with --map).",
    )
    mapping = {"text": "review", "label": "stars"}
    assert choose_columns(("review", "stars"), "x.csv", mapping=mapping).notices == ()


def test_what_is_mapped_holds():
    columns = ("text", "label", "summary", "stars")
    chosen = choose_columns(columns, "x.csv", mapping={"text": "summary", "label": "stars"})
    assert (chosen.fields, chosen.label) == ({"text": "summary"}, "stars")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (("review", "comment", "label"), "several columns could be the text: 'review', 'comment'"),
        (("text", "stars", "sentiment"), "several columns could be the label: 'stars', 'sentiment'"),
        (("label", "id"), "no column looks like the text"),
    ],
)
def test_what_cannot_be_told_apart_is_asked(columns, said):
    with pytest.raises(DataError) as caught:
        choose_columns(columns, "x.csv")
    assert caught.value.message == said
    assert all(repr(column) in str(caught.value.hint) for column in columns)
    assert "--map" in str(caught.value.hint)


def test_a_mapped_column_that_is_missing_is_named_with_near_ones():
    with pytest.raises(DataError) as caught:
        choose_columns(("review", "stars"), "x.csv", mapping={"text": "reviews"})
    assert caught.value.message == "there is no column 'reviews' (mapped to 'text')"
    assert caught.value.hint == "Did you mean 'review'? Columns: 'review', 'stars'."


@pytest.mark.parametrize(
    ("task", "columns", "fields", "label"),
    [
        ("sst2", ("idx", "sentence", "label"), {"text": "sentence"}, "label"),
        ("sst2", ("text", "label"), {"text": "text"}, "label"),
        ("sst2", ("review", "stars"), {"text": "review"}, "stars"),
        ("rte", ("premise", "hypothesis", "label"), {"text_a": "premise", "text_b": "hypothesis"}, "label"),
        ("dbpedia", ("label", "title", "content"), {"text": "content", "title": "title"}, "label"),
        ("dbpedia", ("text", "label"), {"text": "text"}, "label"),
        ("trec", ("text", "label", "label_text", "label_coarse"), {"text": "text"}, "label_coarse"),
        (
            "boolq",
            ("question", "answer", "passage"),
            {"passage": "passage", "question": "question"},
            "answer",
        ),
        ("lama:P19", ("sub_label", "obj_label", "predicate_id"), {"subject": "sub_label"}, "obj_label"),
        ("lama:P19", ("relation", "subject", "object"), {"subject": "subject"}, "object"),
    ],
)
def test_a_known_task_takes_its_published_columns_or_our_names(task, columns, fields, label):
    chosen = choose_columns(columns, "x.csv", known=known_task(task))
    assert (chosen.fields, chosen.label) == (fields, label)
    assert list(chosen.fields) == list(fields)


def test_a_known_pair_needs_both_halves():
    with pytest.raises(DataError, match="no column for the field 'text_a' of the task rte"):
        choose_columns(("body", "label"), "x.csv", known=known_task("rte"))
