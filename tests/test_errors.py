import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch import errors
from promptsearch.errors import PromptSearchError, near_matches


def test_an_error_prints_what_where_and_hint_on_lines_of_their_own():
    error = PromptSearchError("no such task", where="--task sts2", hint="Did you mean sst2?")
    assert str(error) == "no such task\n--task sts2\nDid you mean sst2?"


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({}, "wrong"),
        ({"where": "line 3"}, "wrong\nline 3"),
        ({"hint": "Mend it."}, "wrong\nMend it."),
        ({"where": "", "hint": ""}, "wrong"),
    ],
)
def test_absent_parts_leave_no_line(parts, text):
    assert str(PromptSearchError("wrong", **parts)) == text


def test_parts_stay_apart():
    error = PromptSearchError("wrong", where="here", hint="Mend it.")
    assert (error.message, error.where, error.hint) == ("wrong", "here", "Mend it.")
    assert PromptSearchError("wrong").where is None


@pytest.mark.parametrize(
    "name",
    [
        "TemplateError",
        "VerbalizerError",
        "PromptFileError",
        "TaskError",
        "DataError",
        "PLMError",
        "OptionError",
        "StorageError",
    ],
)
def test_all_are_caught_as_one(name):
    with pytest.raises(PromptSearchError):
        raise getattr(errors, name)("wrong")


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("sts2", ["sst2", "sst5", "imdb"], ["sst2"]),
        ("SST2", ["sst2"], ["sst2"]),
        ("mnlI", ["MNLI", "qnli"], ["MNLI", "qnli"]),
        ("weigth", ["text", "weight"], ["weight"]),
        ("xyz", ["sst2", "imdb"], []),
        ("", ["sst2"], []),
        ("sst2", [], []),
    ],
)
def test_near_matches(name, known, near):
    assert near_matches(name, known) == near


def test_the_best_match_comes_first_and_most_limits_them():
    known = ["text_abc", "text_ab", "text_a"]
    assert near_matches("text_a", known) == ["text_a", "text_ab", "text_abc"]
    assert near_matches("text_a", known, most=1) == ["text_a"]


@given(st.text(max_size=8), st.lists(st.text(max_size=8), max_size=5))
def test_near_matches_are_known_names(name, known):
    assert set(near_matches(name, known)) <= set(known)
