"""What a search says about its own result."""

from __future__ import annotations

import pytest

from promptsearch.report.verdicts import verdicts
from tests.study.searching import WORDS, films, search


def test_unbalanced_classes(tmp_path):
    data = films("rare", "a bad", 8) + films("usual", "a good", 40)
    outcome = search(tmp_path, None, data=data, shots=None, words={"rare": "bad", "usual": "good"})
    assert outcome.majority_test.accuracy == pytest.approx(8 / 10)
    assert any("--metric macro-f1" in notice for notice in outcome.notices)
    assert "macro-f1" in (tmp_path / "report.md").read_text("utf-8")


def test_a_class_that_is_never_predicted_is_named(tmp_path):
    data = films("no", "a film", 9) + films("yes", "the film", 9)
    words = {"no": "zebra", "yes": "good"}
    outcome = search(tmp_path, None, data=data, words=words, calibrations=["none"])
    assert outcome.best.test is not None
    assert outcome.best.test.constant
    told = " ".join(verdicts(outcome))
    assert "The best prompt answers the same for every test example." in told
    assert "no better than the majority class" in told
    assert "answers the same for every test example" in (tmp_path / "report.md").read_text("utf-8")


def test_nothing_better_than_the_manual_prompt(tmp_path):
    """The manual prompt is the first template with the first words; the other asks nonsense."""
    data = films("negative", "a bad", 12) + films("positive", "a good", 12)
    templates = ["{text} It was {mask}.", "The weather on {text} in June is {mask} and blue, said the zebra."]
    outcome = search(tmp_path, None, data=data, templates=templates, words=WORDS, calibrations=["none"])
    assert outcome.best.trial.is_baseline
    assert "Nothing better than the manual prompt was found." in verdicts(outcome)
    assert "Nothing better than the manual prompt was found." in (tmp_path / "report.md").read_text("utf-8")


def test_chance_is_called_no_better_than_the_majority(tmp_path):
    data = [{"text": f"film number {i} of the year", "label": f"{'ab'[i % 2]}"} for i in range(40)]
    outcome = search(tmp_path, None, data=data, shots=None, words={"a": "bad", "b": "good"})
    assert any("no better than the majority class" in told for told in verdicts(outcome))


def test_a_class_short_of_shots_is_told(tmp_path):
    data = films("negative", "a bad", 9) + films("positive", "a good", 30)
    outcome = search(tmp_path, None, data=data, shots=8, words=WORDS)
    assert any("Fewer than 8 examples a class in train: 'negative' has" in told for told in outcome.notices)
