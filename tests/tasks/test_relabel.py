"""Labels of data read as those of a prompt."""

from __future__ import annotations

import pytest

from promptsearch.errors import DataError, OptionError
from promptsearch.tasks import load_task
from promptsearch.tasks.relabel import parse_labels, relabelled


def task_of(*labels):
    rows = [{"text": f"text {i}", "label": label} for i, label in enumerate(labels)]
    return load_task("own", data=rows, kind="sentiment")


def test_labels_are_read_in_the_order_of_the_prompt():
    found = relabelled(task_of(1, 0, 1), {"0": "negative", "1": "positive"}, ("positive", "negative"), "PN")
    assert (found.labels, found.label_names) == (("positive", "negative"), ("P", "N"))
    assert [example.label for example in found.splits["train"]] == [0, 1, 0]
    assert [example.values["text"] for example in found.splits["train"]] == ["text 0", "text 1", "text 2"]


def test_several_may_become_one_and_names_count_too():
    stars = {"1": "bad", "2": "bad", "4": "good", "5": "good"}
    found = relabelled(task_of(5, 2, 1, 4), stars, (0, 1), ("bad", "good"))
    assert [example.label for example in found.splits["train"]] == [1, 0, 0, 1]
    assert found.labels == (0, 1)


def test_a_label_that_both_have_need_not_be_named():
    found = relabelled(task_of("pos", "negative"), {"pos": "positive"}, ("negative", "positive"), "NP")
    assert [example.label for example in found.splits["train"]] == [1, 0]


@pytest.mark.parametrize(("labels", "meant"), [((1, 2), {"2": "1"}), ((0, 1), {"1": "negative"})])
def test_a_label_is_not_taken_for_one_that_is_named_for_another(labels, meant):
    with pytest.raises(DataError, match=f"which label of the prompt {labels[0]} is"):
        relabelled(task_of(*labels), meant, (0, 1), ("negative", "positive"))


def test_the_task_is_another_one():
    task = task_of(0, 1)
    assert relabelled(task, {"0": "b", "1": "a"}, ("a", "b"), "AB").fingerprint != task.fingerprint


@pytest.mark.parametrize(
    ("meant", "error", "said"),
    [
        ({"0": "negative"}, DataError, "which label of the prompt 1 is"),
        ({"0": "negative", "1": "positive", "2": "neutral"}, OptionError, "the data has no label '2'"),
        ({"0": "negative", "1": "neutral"}, OptionError, "the prompt has no label 'neutral'"),
    ],
)
def test_what_is_missing_is_named(meant, error, said):
    with pytest.raises(error, match=said) as caught:
        relabelled(task_of(0, 1), meant, ("negative", "positive"), ("negative", "positive"))
    assert caught.value.where == "data: 0, 1\nprompt: 'negative', 'positive'"


def test_labels_on_the_command_line():
    assert parse_labels("0=negative, 1 = positive") == {"0": "negative", "1": "positive"}


@pytest.mark.parametrize("text", ["", "0", "=negative", "0=", "0=a,0=b"])
def test_what_cannot_be_read(text):
    with pytest.raises(OptionError, match=r"of the form|twice"):
        parse_labels(text)
