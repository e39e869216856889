"""Label words and candidates that a page lists."""

from __future__ import annotations

from promptsearch.report.document import HardExample, LabelWords
from promptsearch.report.html.prompts import best_prompt, labels_of_words, listed, scored_words
from promptsearch.report.html.ranking import best_candidates
from tests.report.documents import candidate, candidates_of, small_document, summary


def test_words_are_listed_up_to_a_number() -> None:
    label = LabelWords(label="a", words=("x", "y", "z"))
    assert listed(label, 3) == "x, y, z"
    assert listed(label, 2) == "x, y … and 1 more"


def test_word_of_two_labels_is_of_neither() -> None:
    words = (LabelWords(label="a", words=("x", "y")), LabelWords(label="b", words=("y", "z")))
    prompt = summary().model_copy(update={"words": words})
    assert labels_of_words(prompt) == {"x": "a", "z": "b"}
    assert labels_of_words(None) == {}


def test_words_of_an_example_go_from_the_likeliest() -> None:
    example = HardExample(
        fields={"text": "t"}, gold="a", predicted="b", probability=0.1, words={"x": -3.0, "y": -1.0}
    )
    assert scored_words(example, {"x": "a"}) == [("y", "", -1.0), ("x", "a", -3.0)]


def test_best_prompt_is_the_first_finalist() -> None:
    document = small_document()
    assert best_prompt(document) == document.finalists[0].prompt
    assert best_prompt(document.model_copy(update={"finalists": ()})) is None


def test_candidates_go_from_the_best_on_dev() -> None:
    low, high = candidate(1, 0.6), candidate(2, 0.8)
    likelier = high.model_copy(update={"log_likelihood": 0.0})
    unmeasured = high.model_copy(update={"dev": None, "log_likelihood": None})
    assert best_candidates([unmeasured, low, high, likelier]) == [likelier, high, low, unmeasured]
    assert best_candidates([low, high], 1) == [high]
    assert len(best_candidates(candidates_of(60))) == 50
