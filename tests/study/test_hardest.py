from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from promptsearch.readings import label_log_probs, word_log_probs
from promptsearch.scoring import Calibration, SoftReadout
from promptsearch.study.hardest import MOST_CHARACTERS, hardest, hardest_first, likeliest
from promptsearch.tasks.task import Example, gold
from promptsearch.verbalizer import Answer, Verbalizer
from tests.study.reviews import reviews, tried

CLOZE = "{text} It was {mask}."


@pytest.fixture(scope="module")
def tried_one(minilm):
    return tried(minilm, CLOZE)


def test_wrong_answers_first_then_by_the_true_labels_probability(minilm, tried_one):
    test = reviews().test
    found = hardest(minilm, tried_one, reviews())
    candidate, scoring = tried_one.candidate, tried_one.scoring
    rows = label_log_probs(
        minilm, candidate.template, candidate.verbalizer, tried_one.calibration, scoring, test
    )
    expected = sorted(
        range(len(test)),
        key=lambda i: (int(rows[i].argmax()) == test[i].label, rows[i][test[i].label]),
    )[:10]
    assert [each.fields["text"] for each in found] == [test[i].values["text"] for i in expected]
    assert [each.gold for each in found] == [test[i].label for i in expected]
    assert [each.predicted for each in found] == [rows[i].argmax() for i in expected]
    for each, i in zip(found, expected):
        assert each.probability == pytest.approx(np.exp(rows[i][test[i].label]), rel=1e-3)


def test_a_wrong_answer_is_harder_than_a_right_one_that_is_less_sure():
    rows = np.log([[0.4, 0.3, 0.3], [0.1, 0.45, 0.45], [0.2, 0.7, 0.1], [0.36, 0.34, 0.3], [0.1, 0.1, 0.8]])
    rows[3] = np.nan
    # Right at 0.4, wrong at 0.45 (the first of equals is predicted), wrong at 0.2, unscored, right at 0.8.
    assert hardest_first(rows, [0, 2, 0, 0, 2]) == [2, 1, 3, 0, 4]


def test_words_are_scored_as_the_plm_does(minilm, tried_one):
    [found] = hardest(minilm, tried_one, reviews(), "dev", n=1)
    example = next(e for e in reviews().dev if e.values["text"] == found.fields["text"])
    words = ["bad", "awful", "good", "great"]
    scores = word_log_probs(minilm, tried_one.candidate.template, words, [example], tried_one.scoring)[0]
    assert found.words == pytest.approx(dict(zip(words, scores)), abs=1e-3)
    assert {*list(found.words)[:2]} == {"bad", "awful"}


def test_long_texts_are_cut_and_rows_without_a_label_left_out(minilm, tried_one):
    examples = (Example({"text": "so " * 200}, 0), Example({"text": "No label."}))
    task = replace(reviews(), splits={"test": examples}, _fingerprints={})
    [found] = hardest(minilm, tried_one, task)
    assert found.fields["text"] == "so " * 99 + "so…"
    assert len(found.fields["text"]) <= MOST_CHARACTERS
    assert hardest(minilm, tried_one, replace(task, splits={"test": ()}, _fingerprints={})) == ()


def test_what_cannot_be_scored_is_no_answer(minilm, tried_one):
    broken = replace(tried_one, calibration=Calibration("batch", (float("nan"), 0.0)))
    found = hardest(minilm, broken, reviews(), n=3)
    assert [(each.predicted, each.probability) for each in found] == [(None, 0.0)] * 3


def test_a_soft_verbalizer_reads_no_words(minilm):
    readout = SoftReadout(np.zeros((2, 384)), np.array([0.0, 1.0]))
    found = hardest(minilm, tried(minilm, CLOZE, readout=readout), reviews(), n=12)
    assert [each.words for each in found] == [{}] * 12
    # All are taken for the second label, so that those of the first come first.
    assert [each.gold for each in found] == sorted(gold(reviews().test))
    assert found[0].probability == pytest.approx(1 / (1 + np.e))


def test_the_three_likeliest_words_of_each_label():
    answers = tuple(Answer(word, 0.0 if word == "dull" else 1.0) for word in ("a", "b", "c", "d", "dull"))
    verbalizer = Verbalizer(("no", "yes"), (answers, (Answer("e"), Answer("f"), Answer("a"))))
    assert verbalizer.words == ("a", "b", "c", "d", "dull", "e", "f")
    scores = np.array([-4.0, -1.0, -3.0, -2.0, -0.5, -5.0, -np.inf])
    assert list(likeliest(verbalizer, scores).items()) == [
        ("b", -1.0),
        ("d", -2.0),
        ("c", -3.0),
        ("a", -4.0),
        ("e", -5.0),
    ]
