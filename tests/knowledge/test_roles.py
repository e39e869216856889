import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.engines.manual.library import lexicon, load
from promptsearch.knowledge.roles import RoleMatch, match_roles, normal_name, number_of


def roles(kind, labels, names=None):
    library = load(kind)
    return match_roles(labels, names or list(map(str, labels)), library.roles, library.numbered)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["negative", "positive"], ("negative", "positive")),
        (["positive", "negative"], ("positive", "negative")),
        (["neg", "pos"], ("negative", "positive")),
        (["NEG", "POS"], ("negative", "positive")),
        (["Negative", "POSITIVE"], ("negative", "positive")),
        (["bad", "good"], ("negative", "positive")),
        (["rotten", "fresh"], ("negative", "positive")),
        (["thumbs_down", "thumbs-up"], ("negative", "positive")),
        (["not recommended", "Recommended"], ("negative", "positive")),
        (["__label__neg", "__label__pos"], ("negative", "positive")),
        (["label_positive", "label_negative"], ("positive", "negative")),
        (["positive", "neutral", "negative"], ("positive", "neutral", "negative")),
        (["Neg", "Neu", "Pos"], ("negative", "neutral", "positive")),
    ],
)
def test_sentiment_by_name(labels, expected):
    assert roles("sentiment", labels) == RoleMatch(expected, "name")


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([0, 1], ("negative", "positive")),
        ([1, 0], ("positive", "negative")),
        ([1, 2], ("negative", "positive")),
        (["0", "1"], ("negative", "positive")),
        ([0.0, 1.0], ("negative", "positive")),
        ([False, True], ("negative", "positive")),
        (["False", "True"], ("negative", "positive")),
        ([-1, 1], ("negative", "positive")),
        (["2", "4"], ("negative", "positive")),
        (["LABEL_0", "LABEL_1"], ("negative", "positive")),
        (["__label__1", "__label__2"], ("negative", "positive")),
        (["5 stars", "1 star"], ("positive", "negative")),
        (["one star", "two stars"], ("negative", "positive")),
        (["-1", "0", "1"], ("negative", "neutral", "positive")),
        ([10, 9, 8], ("positive", "neutral", "negative")),
    ],
)
def test_sentiment_by_number(labels, expected):
    assert roles("sentiment", labels) == RoleMatch(expected, "number")


@pytest.mark.parametrize(
    ("kind", "labels", "expected"),
    [
        ("sentiment-fine", ["very negative", "negative", "neutral", "positive", "very positive"], "by name"),
        ("sentiment-fine", ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"], "by number"),
        ("sentiment-fine", [0, 1, 2, 3, 4], "by number"),
        ("sentiment-fine", ["terrible", "bad", "okay", "good", "great"], "by name"),
    ],
)
def test_five_grades(kind, labels, expected):
    match = roles(kind, labels)
    assert match.roles == ("very negative", "negative", "neutral", "positive", "very positive")
    assert f"by {match.by}" == expected


@pytest.mark.parametrize(
    ("kind", "labels", "expected"),
    [
        ("nli", ["entailment", "not_entailment"], ("entailment", "not entailment")),
        ("nli", ["not_entailment", "entailment"], ("not entailment", "entailment")),
        ("nli", ["entailment", "neutral", "contradiction"], ("entailment", "neutral", "contradiction")),
        ("nli", ["CONTRADICTION", "ENTAILMENT", "NEUTRAL"], ("contradiction", "entailment", "neutral")),
        ("nli", ["e", "n", "c"], ("entailment", "neutral", "contradiction")),
        ("nli", ["SUPPORTS", "REFUTES", "NOT ENOUGH INFO"], ("entailment", "contradiction", "neutral")),
        ("nli", [True, False], ("entailment", "not entailment")),
        ("nli", [0, 1, 2], ("entailment", "neutral", "contradiction")),
        ("paraphrase", ["not_duplicate", "duplicate"], ("not equivalent", "equivalent")),
        ("paraphrase", ["equivalent", "not_equivalent"], ("equivalent", "not equivalent")),
        ("paraphrase", [0, 1], ("not equivalent", "equivalent")),
        ("boolean-question", ["no", "yes"], ("no", "yes")),
        ("boolean-question", [False, True], ("no", "yes")),
        ("boolean-question", ["Y", "N"], ("yes", "no")),
        ("word-sense", ["F", "T"], ("different", "same")),
        ("word-sense", ["yes", "no"], ("same", "different")),
        ("choice", ["choice1", "choice2"], ("first", "second")),
        ("choice", [0, 1], ("first", "second")),
        ("choice", ["B", "A"], ("second", "first")),
        ("acceptability", ["unacceptable", "acceptable"], ("unacceptable", "acceptable")),
        ("acceptability", ["grammatical", "ungrammatical"], ("acceptable", "unacceptable")),
        ("subjectivity", ["subjective", "objective"], ("subjective", "objective")),
        ("subjectivity", ["OBJ", "SUBJ"], ("objective", "subjective")),
        ("subjectivity", [0, 1], ("objective", "subjective")),
        (
            "question-type",
            ["DESC", "ENTY", "ABBR", "HUM", "NUM", "LOC"],
            ("description", "entity", "abbreviation", "human", "number", "location"),
        ),
        (
            "question-type",
            ["description", "entity", "abbreviation", "human", "number", "location"],
            ("description", "entity", "abbreviation", "human", "number", "location"),
        ),
    ],
)
def test_other_kinds(kind, labels, expected):
    assert roles(kind, labels).roles == expected


@pytest.mark.parametrize(
    ("label", "topic"),
    [
        ("World", "world"),
        ("Sci/Tech", "science and technology"),
        ("science_and_technology", "science and technology"),
        ("Business & Finance", "business"),
        ("EducationalInstitution", "educational institution"),
        ("MeanOfTransportation", "means of transportation"),
        ("OfficeHolder", "office holder"),
        ("WrittenWork", "written work"),
        ("Computers & Internet", "computers"),
        ("Politics & Government", "politics"),
        ("Society & Culture", "society"),
        ("tech", "technology"),
        ("gardening", None),
    ],
)
def test_topics(label, topic):
    spellings = {name: known for name, (known, _) in lexicon().items()}
    assert match_roles([label], [label], spellings).roles == (topic,)


def test_readable_names_go_before_labels():
    assert roles("sentiment", [1, 0], ["negative", "positive"]).roles == ("negative", "positive")
    # A label that says nothing is read by its name, and a name that says nothing by its label.
    assert roles("sentiment", ["pos", "neg"], ["class a", "class b"]).roles == ("positive", "negative")


def test_label_without_a_role():
    match = roles("sentiment", ["negative", "positive", "sarcastic"])
    assert match.roles == ("negative", "positive", None)
    assert match.unmatched(["negative", "positive", "sarcastic"]) == ["sarcastic"]


def test_numbers_are_not_guessed_when_some_label_has_a_name():
    assert roles("sentiment", ["positive", "0"]).roles == ("positive", None)
    assert roles("sentiment", [0, 1, 2, 3]).roles == (None, None, None, None)


def test_a_role_goes_to_one_label():
    assert roles("sentiment", ["bad", "negative", "positive"]).roles == (None, "negative", "positive")
    assert roles("sentiment", ["bad", "poor", "positive"]).roles == ("negative", None, "positive")


@pytest.mark.parametrize(
    ("label", "number"),
    [
        (3, 3.0), (True, 1.0), (2.5, 2.5), ("2", 2.0), ("-1", -1.0), ("+1", 1.0), ("4.0", 4.0),
        ("label_3", 3.0), ("class 2", 2.0), ("3 stars", 3.0), ("1-star", 1.0), ("Four Stars", 4.0),
        ("true", 1.0),
        ("four", None), ("3rd", None), ("star", None), ("", None), ("v2", None),
    ],
)  # fmt: skip
def test_number_of(label, number):
    assert number_of(label) == number


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("not_entailment", "not entailment"), ("Sci/Tech", "sci tech"), ("NASA", "nasa"),
        ("__label__pos", "pos"), ("  two  words ", "two words"), ("C++", "c"), ("!!!", "!!!"),
        ("don't know", "dont know"), (True, "true"), ("État", "état"),
    ],
)  # fmt: skip
def test_normal_name(label, name):
    assert normal_name(label) == name


@given(st.lists(st.one_of(st.text(), st.integers(), st.booleans(), st.floats()), min_size=1, max_size=8))
def test_any_labels_match_each_role_at_most_once(labels):
    match = roles("sentiment", labels)
    assert len(match.roles) == len(labels)
    found = [role for role in match.roles if role is not None]
    assert len(set(found)) == len(found)
