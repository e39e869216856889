"""Tasks, labels, words and texts of every kind."""

from __future__ import annotations

import json

import pytest

from promptsearch import load_prompt
from tests.study.searching import WORDS, films, search


@pytest.mark.parametrize(
    ("task", "labels", "template"),
    [("entail", 2, "{text_a}? {mask}, {text_b}"), ("topics", 4, "{mask} news: {text}")],
)
def test_other_bundled_tasks(tmp_path, task, labels, template):
    outcome = search(tmp_path, task, templates=[template], shots=2, calibrations=["none"])
    assert len(outcome.task.labels) == labels
    assert outcome.best.test is not None
    assert outcome.best.test.n == 12
    prompt = load_prompt(tmp_path / "best_prompt.json")
    example = dict(outcome.task.test[0].values)
    (prediction,) = prompt.predict(example)
    assert prediction.label in outcome.task.labels
    assert len(prediction.probabilities) == labels
    assert prediction == outcome.prompt.predict([example])[0]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ((2, 4), {2: "bad", 4: "good"}),
        (("2", "4"), {"2": "bad", "4": "good"}),
        ((False, True), {False: "bad", True: "good"}),
        ((0.5, 1.5), {0.5: "bad", 1.5: "good"}),
    ],
)
def test_labels_of_any_kind_come_back_as_they_were(tmp_path, labels, words):
    data = films(labels[0], "a bad", 9) + films(labels[1], "a good", 9)
    outcome = search(tmp_path, None, data=data, words=words)
    assert outcome.task.labels == labels
    predicted = {
        prediction.label
        for prediction in load_prompt(tmp_path / "best_prompt.json").predict(["a bad film", "a good film"])
    }
    assert {(type(label), label) for label in predicted} <= {(type(label), label) for label in labels}


def test_a_pandas_frame(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(films(1, "a bad", 9) + films(5, "a good", 9))
    outcome = search(tmp_path, None, data=frame, words={1: "bad", 5: "good"})
    asked = pandas.DataFrame({"text": ["a good film", None], "id": [1, 2]})
    predictions = outcome.prompt.predict(asked)
    assert [type(prediction.label) for prediction in predictions] == [int, int]
    (empty,) = outcome.prompt.predict("")
    assert predictions[1].probabilities == pytest.approx(dict(empty.probabilities), abs=1e-5)


def test_label_words_may_be_given_by_readable_names(tmp_path):
    """A known task whose data has indices for labels."""
    data = films(0, "a bad", 9) + films(1, "a good", 9)
    outcome = search(tmp_path, "sst2", data=data, words=WORDS)
    assert outcome.task.label_names == ("negative", "positive")
    assert str(outcome.trials[0].candidate.verbalizer.answers[1][0].text) == "good"


def test_all_label_words_of_several_tokens(tmp_path):
    words = {"negative": ["not very good", "quite bad"], "positive": "really rather good"}
    outcome = search(tmp_path, words=words)
    # Three masks for two of them, two for the other.
    assert outcome.best.trial.passes == 2
    assert outcome.best.trial.cost == pytest.approx(2 * outcome.best.trial.tokens)
    assert outcome.prompt.document.scoring.normalisation == "token"
    texts = [example.values["text"] for example in outcome.task.test]
    again = load_prompt(tmp_path / "best_prompt.json").predict(texts)
    for one, other in zip(again, outcome.prompt.predict(texts), strict=True):
        assert list(one.probabilities.values()) == pytest.approx(list(other.probabilities.values()), abs=1e-6)
        assert one.label is not None


def test_words_of_one_and_of_several_tokens_together(tmp_path):
    outcome = search(tmp_path, words={"negative": ["bad", "not very good"], "positive": ["good"]})
    assert outcome.best.trial.passes == 2
    assert outcome.best.test is not None
    assert outcome.best.test.unscored == 0


def test_empty_and_very_long_texts(tmp_path):
    data = films("negative", "a bad", 9) + films("positive", "a good", 9)
    data[0]["text"], data[1]["text"], data[9]["text"] = "", " \n", "a good film, " * 3334
    outcome = search(tmp_path, None, data=data, shots=None, max_test=None, words=WORDS)
    assert outcome.best.test is not None
    assert outcome.best.test.unscored == 0
    assert any("have an empty text" in notice for notice in outcome.notices)
    splits = outcome.task.splits
    assert sum(len(splits[name]) for name in splits) == 17  # one of the two blank texts is a repetition


def test_sixty_words_are_calibrated_unless_told_otherwise(tmp_path):
    good = ["good", "great", "fine", "nice", "superb", "lovely", "sweet", "funny", "clever", "warm"] * 3
    bad = ["bad", "awful", "poor", "dull", "weak", "boring", "cold", "flat", "slow", "stupid"] * 3
    pairs = {"negative": {f"{word}{'!' * (i // 10)}": 1 for i, word in enumerate(bad)}}
    pairs["positive"] = {f"{word}{'!' * (i // 10)}": 1 for i, word in enumerate(good)}
    outcome = search(tmp_path, words=pairs)
    assert outcome.best.trial.candidate.verbalizer.size == 60
    methods = {trial.calibration.method: trial.dev for trial in outcome.trials}
    assert set(methods) == {"none", "contextual", "pmi", "batch"}
    lines = (tmp_path / "candidates.jsonl").read_text("utf-8").splitlines()
    shown = {json.loads(line)["calibration"]: json.loads(line)["dev"]["accuracy"] for line in lines}
    assert shown == {method: dev.accuracy for method, dev in methods.items()}
