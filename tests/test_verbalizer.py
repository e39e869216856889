import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.errors import VerbalizerError
from promptsearch.verbalizer import Answer, Verbalizer, plain_label, spellings

TWO = ["neg", "pos"]


def words_of(verbalizer: Verbalizer) -> list[list[str]]:
    return [[answer.text for answer in answers] for answers in verbalizer.answers]


def refusal(words, labels=TWO, **options) -> VerbalizerError:
    with pytest.raises(VerbalizerError) as caught:
        Verbalizer.of(words, labels, **options)
    return caught.value


# --- shapes of label words -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        {"neg": "bad", "pos": "good"},
        {"pos": "good", "neg": "bad"},
        {"neg": ["bad"], "pos": ("good",)},
        {"neg": {"bad": 1}, "pos": {"good": 1.0}},
        {"neg": Answer("bad"), "pos": [Answer("good")]},
        ["bad", "good"],
        ("bad", ["good"]),
        [["bad"], ["good"]],
        (word for word in ["bad", "good"]),
        np.array(["bad", "good"]),
    ],
)
def test_label_words_are_read_by_label_or_in_order(words):
    verbalizer = Verbalizer.of(words, TWO)
    assert {type(word) for word in verbalizer.words} == {str}
    assert verbalizer == Verbalizer(("neg", "pos"), ((Answer("bad"),), (Answer("good"),)))


def test_weights_are_kept():
    verbalizer = Verbalizer.of({"neg": {"bad": 2, "poor": 0.5}, "pos": "good"}, TWO, aggregation="mean-log")
    assert verbalizer.answers[0] == (Answer("bad", 2.0), Answer("poor", 0.5))
    assert verbalizer.aggregation == "mean-log"


def test_a_set_of_words_is_put_in_order():
    assert words_of(Verbalizer.of({"neg": {"poor", "bad"}, "pos": "good"}, TWO)) == [
        ["bad", "poor"],
        ["good"],
    ]


def test_distinct_words_and_their_number():
    verbalizer = Verbalizer.of([["fine", "bad"], ["good", "fine"]], TWO)
    assert verbalizer.words == ("fine", "bad", "good")
    assert verbalizer.size == 4
    assert str(verbalizer) == "neg: fine, bad / pos: good, fine"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("bad, good", "label words must be given per label, not as 'bad, good'"),
        (5, "label words must be given per label, not as 5"),
        (None, "label words must be given per label, not as None"),
        (b"ab", "label words must be given per label, not as b'ab'"),
        ({"bad"}, "label words must be given per label, not as {'bad'}"),
        (("good",), "1 entries of label words for 2 labels"),
        ({"neg": "bad"}, "no label words for the label 'pos'"),
        ({"neg": "a", "pos": "b", "mid": "c"}, "label words for 'mid', which is not a label of the task"),
        ({"neg": "a", None: "b"}, "a label must be text, a finite number, True or False, not None"),
    ],
)
def test_a_mistaken_shape_is_named(words, message):
    assert refusal(words).message == message


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (tuple("good"), "the words of label 'pos' are single letters (g, o, o, d, …)"),
        (5, "the words of label 'pos' must be text or a list of texts, not 5"),
        (b"good", "the words of label 'pos' must be text or a list of texts, not b'good'"),
        ([["good"]], "a word of label 'pos' must be text, not ['good']"),
        ({5: 1}, "a word of label 'pos' must be text, not 5"),
        ({"good": "x"}, "the weight of 'good' must be a number, not 'x'"),
        ({"good": None}, "the weight of 'good' must be a number, not None"),
        ({"good": -1}, "the weight of 'good' must be a number >= 0, not -1.0"),
        ({"good": math.nan}, "the weight of 'good' must be a number >= 0, not nan"),
        ({"good": 0}, "all answers of label 'pos' have weight 0"),
        ({"good": 1e308, "fine": 1e308}, "the weights of label 'pos' sum to more than a number can hold"),
        ([], "the label 'pos' has no answer"),
        (" ", "an answer of label 'pos' is empty"),
        (" good", "the answer ' good' of label 'pos' has blanks around it"),
        (["good", "good"], "the label 'pos' has the answer 'good' twice"),
    ],
)
def test_mistaken_words_of_one_label_are_named(entry, message):
    assert refusal({"neg": "bad", "pos": entry}).message == message


def test_a_misspelt_label_gets_the_nearest_one():
    error = refusal({"neg": "bad", "pos": "good", "POSS": "great"})
    assert error.hint == "Did you mean 'pos'? Labels: 'neg', 'pos'."


def test_letters_that_are_meant_can_be_given_weights():
    assert "if letters are meant, give them weights" in str(refusal({"neg": "x", "pos": ["a", "b", "c"]}))
    verbalizer = Verbalizer.of({"neg": "x", "pos": {"a": 1, "b": 1, "c": 1}}, TWO)
    assert words_of(verbalizer) == [["x"], ["a", "b", "c"]]


def test_single_characters_of_another_script_are_words():
    assert words_of(Verbalizer.of([["差", "坏", "糟"], ["好"]], TWO)) == [["差", "坏", "糟"], ["好"]]


def test_many_labels_are_named_in_part():
    hint = refusal({"a": "b"}, labels=[f"L{i}" for i in range(40)]).hint
    assert hint is not None
    assert hint.endswith("'L11', … (40 in all).")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("good", ("good", "Good", "GOOD")),
        ("Good", ("Good", "good", "GOOD")),
        ("McDonald", ("McDonald", "mcdonald", "MCDONALD")),
        ("GOOD", ("GOOD", "good")),
        ("very good", ("very good", "Very good", "VERY GOOD")),
        ("今天", ("今天",)),
        ("2", ("2",)),
    ],
)
def test_spellings(word, expected):
    assert spellings(word) == expected


@given(st.text(min_size=1))
def test_spellings_start_with_the_word_and_differ(word):
    found = spellings(word)
    assert found[0] == word
    assert len(set(found)) == len(found) <= 4
    assert word.lower() in found
    assert word.upper() in found


def test_aggregation_and_case_as_given():
    verbalizer = Verbalizer.of(["bad", "good"], TWO, "sum-log", "any")
    assert (verbalizer.aggregation, verbalizer.case) == ("sum-log", "any")
    assert (Verbalizer.of(["bad", "good"], TWO).aggregation, Verbalizer.of(["bad", "good"], TWO).case) == (
        "marginal",
        "exact",
    )
    assert "any" in str(refusal(["bad", "good"], case="lower").hint)


def test_an_unknown_aggregation_is_refused():
    error = refusal(["bad", "good"], aggregation="mean")
    assert error.message == "there is no aggregation 'mean'"
    assert error.hint == "There is marginal, mean-log, sum-log."


# --- labels of any type --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels",
    [
        ["2", "4", "neg"],
        [1, 2, 3, 4, 5],
        [5, 1, 3],
        [True, False],
        [0.5, 1.0, -2.0],
        ["2", 4, "neg", True],
        [1, True, 1.0, "1", "True", "true"],
    ],
)
def test_labels_keep_their_order_and_type(labels):
    verbalizer = Verbalizer.of([f"word{i}" for i in range(len(labels))], labels)
    assert [(type(label), label) for label in verbalizer.labels] == [(type(label), label) for label in labels]


def test_a_key_of_the_labels_own_type_goes_first():
    verbalizer = Verbalizer.of({"1": "text", 1: "number"}, [1, "1"])
    assert words_of(verbalizer) == [["number"], ["text"]]


@pytest.mark.parametrize("key", ["True", "true"])
def test_labels_are_found_under_their_json_keys(key):
    verbalizer = Verbalizer.of({"0.5": "half", key: "yes", "2": "two"}, [2, True, 0.5])
    assert words_of(verbalizer) == [["two"], ["yes"], ["half"]]


def test_a_text_label_is_found_under_a_number():
    assert words_of(Verbalizer.of({2: "two", 4: "four"}, ["4", "2"])) == [["four"], ["two"]]


def test_one_key_does_not_serve_two_labels():
    assert refusal({"2": "two"}, labels=["2", 2]).message == "no label words for the label 2"


def test_true_is_not_one():
    assert refusal({1: "one", "0": "zero"}, labels=[True, 0]).message == "no label words for the label True"


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.str_("a"), "a"),
    ],
)
def test_numpy_scalars_become_python_values(value, label):
    assert plain_label(value) == label
    assert type(plain_label(value)) is type(label)


def test_labels_and_keys_of_a_data_frame_column_meet():
    column = np.array([3, 1], dtype=np.int64)
    verbalizer = Verbalizer.of({1: "one", np.int64(3): "three"}, list(column))
    assert verbalizer.labels == (3, 1)
    assert words_of(verbalizer) == [["three"], ["one"]]
    assert all(type(label) is int for label in Verbalizer(tuple(column), verbalizer.answers).labels)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, np.float64("nan"), ["a"], Fraction(1, 2), b"a"])
def test_other_values_are_no_labels(value):
    with pytest.raises(VerbalizerError, match="a label must be text, a finite number, True or False"):
        plain_label(value)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a"], "a verbalizer needs at least two labels"),
        ([], "a verbalizer needs at least two labels"),
        (["a", "b", "a"], "the label 'a' is given twice"),
        ([True, 1, True], "the label True is given twice"),
    ],
)
def test_labels_must_be_two_or_more_and_differ(labels, message):
    assert refusal(["w"] * len(labels), labels=labels).message == message


def test_answers_for_other_than_the_labels_are_refused():
    with pytest.raises(VerbalizerError, match="2 labels but answers for 1"):
        Verbalizer(("a", "b"), ((Answer("x"),),))


# --- properties ----------------------------------------------------------------------------------------

labels = st.lists(
    st.one_of(
        st.text(max_size=4), st.integers(-9, 9), st.booleans(), st.floats(-3, 3).map(lambda x: x + 0.0)
    ),
    min_size=2,
    max_size=5,
    unique_by=lambda label: (type(label), label),
)


@given(labels, st.randoms(use_true_random=False))
def test_a_mapping_is_read_by_label_whatever_its_order(labels, random):
    distinct = list(dict.fromkeys(labels))
    words = {label: f"word{i}" for i, label in enumerate(distinct)}
    shuffled = list(words.items())
    random.shuffle(shuffled)
    if len(distinct) == len(labels):
        verbalizer = Verbalizer.of(dict(shuffled), labels)
        assert words_of(verbalizer) == [[f"word{i}"] for i in range(len(labels))]


@given(st.lists(st.text(max_size=4), min_size=2, max_size=5, unique=True))
def test_text_labels_survive_json(labels):
    words = {label: {f"word{i}": i + 0.5} for i, label in enumerate(labels)}
    assert Verbalizer.of(json.loads(json.dumps(words)), labels) == Verbalizer.of(words, labels)
