from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.tasks.labels import (
    LabelSet,
    clean,
    labels_from_data,
    labels_from_names,
    readable,
    withholds_labels,
)

POLARITY = ("negative", "positive")
any_label = st.text(min_size=1).filter(str.strip) | st.integers() | st.booleans() | st.floats(allow_nan=False)


def from_names(values, names) -> LabelSet:
    found = labels_from_names(values, names, [readable(name) for name in names])
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([5, 1, 3, 1, 2, 4], (1, 2, 3, 4, 5)),
        ([True, False], (False, True)),
        ([4.5, 0.5], (0.5, 4.5)),
        ([2, 1.5], (1.5, 2)),
        (["neu", "pos", "neg", "pos"], ("neu", "pos", "neg")),
        (["2", "10", "1"], ("2", "10", "1")),
        (["2", 4, "neg", True], ("2", 4, "neg", True)),
    ],
)
def test_numbers_are_sorted_and_words_keep_their_first_order(values, labels):
    found = labels_from_data(values).labels
    assert found == labels
    assert list(map(type, found)) == list(map(type, labels))


def test_true_is_not_one_but_one_point_zero_is():
    assert labels_from_data([True, 1, "1"]).labels == (True, 1, "1")
    assert labels_from_data([2, 1, 1.0]).labels == (1, 2)


@given(st.lists(any_label, min_size=1, max_size=20))
def test_each_label_is_written_back_as_it_came(values):
    found = labels_from_data(values)
    for value in values:
        index = found.encode(value)
        assert index is not None
        assert found.labels[index] == value
        assert isinstance(found.labels[index], bool) == isinstance(value, bool)


@pytest.mark.parametrize("value", [None, "", "  ", math.nan, np.float64("nan")])
def test_no_label(value):
    assert clean(value) is None


def test_numpy_scalars_are_plain_labels():
    assert clean(np.int64(3)) == 3
    assert type(clean(np.bool_(True))) is bool


@pytest.mark.parametrize(
    ("values", "names", "codes"),
    [
        ([1, 0], POLARITY, {0: 0, 1: 1}),
        ([1, -1], (-1, 1), {-1: 0, 1: 1}),
        (["0", "1"], POLARITY, {"0": 0, "1": 1}),
        ([0.0, 1.0], POLARITY, {0.0: 0, 1.0: 1}),
        (["positive", "negative"], POLARITY, {"positive": 1, "negative": 0}),
        ([1, 2, 3], ("world", "sports", "business"), {1: 0, 2: 1, 3: 2}),
        ([1, 2, 3], (3, 2, 1), {3: 0, 2: 1, 1: 2}),
        (["1", "2"], (1, 2), {"1": 0, "2": 1}),
    ],
)
def test_declared_names_are_met_by_name_or_by_index(values, names, codes):
    found = from_names(values, names)
    assert found.labels == names
    assert {value: found.encode(value) for value in codes} == codes


def test_booleans_stay_booleans_beside_their_names():
    found = from_names([True, False], ("no", "yes"))
    assert (found.labels, found.names) == ((False, True), ("no", "yes"))


def test_true_and_false_as_text_stay_text():
    found = from_names(["True", "False"], ("no", "yes"))
    assert (found.labels, found.names, found.encode("True")) == (("False", "True"), ("no", "yes"), 1)


def test_another_spelling_is_kept_in_the_declared_order():
    found = from_names(["Not_Entailment", "ENTAILMENT"], ("entailment", "not entailment"))
    assert found.labels == ("ENTAILMENT", "Not_Entailment")
    assert found.names == ("entailment", "not entailment")


@pytest.mark.parametrize(
    "values", [[0, 1, 2], ["good", "bad"], [-2, 1], [-1, 0, 1], ["-1", "1"], [0.5, 1.0], [True, 1]]
)
def test_other_values_do_not_fit_the_names(values):
    assert labels_from_names(values, POLARITY, POLARITY) is None


def test_a_value_outside_the_set_is_refused():
    with pytest.raises(KeyError):
        from_names([0, 1], POLARITY).encode(2)
    with pytest.raises(TypeError):
        clean([1])


@pytest.mark.parametrize("value", [-1, "-1", -1.0, np.int64(-1)])
def test_minus_one_is_a_label_unless_labels_are_withheld(value):
    found = from_names([0, 1], POLARITY)
    assert found.encode(value, withheld=True) is None
    with pytest.raises(KeyError):
        found.encode(value)
    assert labels_from_data([-1, "-1", 1]).encode(value, withheld=True) is not None


def test_labels_are_withheld_where_all_are_minus_one():
    assert withholds_labels([-1, "-1"])
    assert not any(map(withholds_labels, ([], [-1, 0], [0], [True], ["x"])))


def test_readable_names():
    assert [readable(label) for label in ("not_entailment", True, 4.0, 4.5, 3)] == [
        "not entailment", "true", "4", "4.5", "3",
    ]  # fmt: skip
