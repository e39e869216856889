from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from promptsearch import evaluate_prompt, load_prompt
from promptsearch.errors import DataError, OptionError
from promptsearch.prompt import Prompt
from promptsearch.study.evaluating import majority_evaluation, searched_splits
from promptsearch.tasks import draw_splits, load_task
from promptsearch.tasks.task import Example, Task
from tests.study.searching import WORDS, films, search


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


@pytest.mark.parametrize("max_test", [3, None])
def test_examples_that_the_search_has_seen_are_counted(tmp_path, max_test):
    """One file cut under another seed: some of what is called test was searched on."""
    data = films("negative", "a bad", 15) + films("positive", "a good", 15)
    outcome = search(tmp_path, "mine", data=data, max_test=max_test, words=WORDS, seed=1)
    source = load_task("mine", data=data)
    searched = searched_splits(outcome.prompt, source)
    assert searched is not None
    assert (searched.train, searched.dev) == (outcome.task.train, outcome.task.dev)
    used = {example.values["text"] for example in (*searched.train, *searched.dev)}
    for seed in range(4):
        drawn = draw_splits(source, shots=None, seed=seed)
        overlap = sum(example.values["text"] in used for example in drawn.test)
        assert evaluate_prompt(outcome.prompt, drawn, searched=searched).seen == overlap
        assert (overlap == 0) == (seed == 1)
    assert evaluate_prompt(outcome.prompt, drawn).seen is None


def test_other_data_or_a_prompt_that_does_not_say_have_no_splits_of_the_search(tmp_path):
    data = films("negative", "a bad", 15) + films("positive", "a good", 15)
    outcome = search(tmp_path, "mine", data=data, words=WORDS)
    other = [{**row, "label": "negative"} if i == 17 else row for i, row in enumerate(data)]
    for rows in (other, data[:-1], data[::-1], data[:3] + data[-1:]):
        assert searched_splits(outcome.prompt, load_task("mine", data=rows)) is None
    silent = Prompt(outcome.prompt.document.model_copy(update={"task": None}))
    assert searched_splits(silent, load_task("mine", data=data)) is None


def test_the_metric_of_the_search_is_the_prompts_own(prompt_file):
    prompt = load_prompt(prompt_file)
    assert prompt.document.task is not None
    rows = (Example({"text": "a fine film"}, 1), Example({"text": "a dull film"}, 0))
    labels = ("negative", "positive")
    mine = Task("mine", "sentiment", ("text",), labels, labels, "macro-f1", {"train": rows, "test": rows})
    assert evaluate_prompt(prompt, mine).metric == prompt.document.task.metric == "accuracy"
    assert evaluate_prompt(prompt, mine, metric="mcc").metric == "mcc"
    silent = Prompt(prompt.document.model_copy(update={"task": None}))
    assert evaluate_prompt(silent, mine).metric == "macro-f1"
    with pytest.raises(OptionError, match="there is no metric 'f1'"):
        evaluate_prompt(prompt, mine, metric="f1")
