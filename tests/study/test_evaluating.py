from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from promptsearch import evaluate_prompt, load_prompt
from promptsearch.errors import DataError
from promptsearch.study.evaluating import majority_evaluation
from promptsearch.tasks.task import Example, Task


def examples(*labels: int) -> tuple[Example, ...]:
    return tuple(Example({"text": f"text {i}"}, label) for i, label in enumerate(labels))


def task(train: tuple[int, ...], test: tuple[int, ...], labels=("a", "b", "c")) -> Task:
    splits = {"train": examples(*train), "test": examples(*test)}
    return Task("mine", "topic", ("text",), labels, tuple(map(str, labels)), "accuracy", splits)


def test_majority_answers_the_most_frequent_class_of_train():
    found = task(train=(1, 1, 1, 0, 2), test=(1, 0, 0, 2))
    figures = majority_evaluation(found, found.test)
    assert figures.accuracy == 1 / 4
    assert figures.constant
    # Frequencies with one more of each: 2/8, 4/8, 2/8.
    expected = (math.log(4 / 8) + 3 * math.log(2 / 8)) / 4
    assert figures.log_likelihood == pytest.approx(expected, abs=1e-5)


def test_of_equally_frequent_classes_the_first_is_answered():
    found = task(train=(2, 1, 1, 2, 0, 0), test=(0, 0, 1, 2))
    assert majority_evaluation(found, found.test).accuracy == 2 / 4
    found = task(train=(2, 1, 1, 2), test=(0, 1, 2, 2))
    assert majority_evaluation(found, found.test).accuracy == 1 / 4


def test_a_class_that_train_lacks_has_a_probability_all_the_same():
    found = task(train=(0, 0, 1), test=(2,))
    assert majority_evaluation(found, found.test).log_likelihood == pytest.approx(math.log(1 / 6), abs=1e-5)


def test_labels_in_another_order_are_matched_by_name(prompt_file, minilm):
    prompt = load_prompt(prompt_file)
    texts = ["a great film", "a dull film", "a fine film", "an awful film"]
    gold = [prediction.label for prediction in prompt.predict(texts)]
    for labels in (("negative", "positive"), ("positive", "negative")):
        rows = [Example({"text": text}, labels.index(str(label))) for text, label in zip(texts, gold)]
        mine = Task("mine", "sentiment", ("text",), labels, labels, "accuracy", {"train": rows, "test": rows})
        assert evaluate_prompt(prompt, mine).prompt.accuracy == 1


def test_labels_that_are_equal_and_yet_two(prompt_file, tmp_path):
    """1 and True are equal in Python, and two labels of a task."""
    content = json.loads(Path(prompt_file).read_text("utf-8"))
    for entry, label in zip(content["verbalizer"]["labels"], (True, 1)):
        entry["label"] = label
    path = tmp_path / "prompt.json"
    path.write_text(json.dumps(content | {"task": None}))
    prompt, texts = load_prompt(path), ["a great film", "a dull film", "a fine film", "an awful film"]
    answers = [prediction.label for prediction in prompt.predict(texts)]
    assert {type(answer) for answer in answers} == {bool, int}
    rows = [Example({"text": text}, 0 if answer is not True else 1) for text, answer in zip(texts, answers)]
    mine = Task(
        "mine", "topic", ("text",), (1, True), ("1", "true"), "accuracy", {"train": rows, "test": rows}
    )
    assert evaluate_prompt(prompt, mine).prompt.accuracy == 1
    with pytest.raises(DataError, match="different labels"):
        evaluate_prompt(prompt, replace(mine, labels=(1, 2)))


def test_unlabelled_examples_are_left_out(prompt_file):
    rows = (Example({"text": "a film"}, 0), Example({"text": "a film"}, None))
    labels = ("negative", "positive")
    mine = Task("mine", "sentiment", ("text",), labels, labels, "accuracy", {"train": rows, "test": rows})
    assert evaluate_prompt(load_prompt(prompt_file), mine).prompt.n == 1
