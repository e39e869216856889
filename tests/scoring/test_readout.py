"""Label scores worked out by hand, and verbalizers placed on word columns."""

import math

import numpy as np
import pytest

from promptsearch.errors import VerbalizerError
from promptsearch.scoring import VerbalizerLayout, label_scores, layout, log_softmax, read_words
from promptsearch.verbalizer import Answer, Verbalizer

WORDS = ("bad", "awful", "good", "great")
PROBABILITIES = [[0.1, 0.2, 0.3, 0.05], [0.4, 0.0, 0.01, 0.03]]


def log(probabilities):
    with np.errstate(divide="ignore"):
        return np.log(np.array(probabilities))


def two_by_two(aggregation):
    words = {"neg": {"bad": 3.0, "awful": 1.0}, "pos": ["good", "great"]}
    return layout(Verbalizer.of(words, ["neg", "pos"], aggregation), WORDS)


def test_layout_holds_columns_and_weights_that_sum_to_one():
    placed = layout(Verbalizer.of({"neg": {"awful": 3, "bad": 1}, "pos": "great"}, ["neg", "pos"]), WORDS)
    assert placed == VerbalizerLayout(((1, 0), (3,)), ((0.75, 0.25), (1.0,)), width=4)
    assert len(placed) == 2


def test_layout_names_answers_without_a_column():
    with pytest.raises(VerbalizerError, match="'lousy', 'superb'"):
        layout(Verbalizer.of({"neg": ["bad", "lousy"], "pos": "superb"}, ["neg", "pos"]), WORDS)


def test_marginal_is_the_weighted_probability_of_any_word():
    # row 0: neg 3/4 · 0.1 + 1/4 · 0.2 = 0.125, pos (0.3 + 0.05) / 2 = 0.175
    # row 1: neg 3/4 · 0.4 + 1/4 · 0   = 0.3,   pos (0.01 + 0.03) / 2 = 0.02
    scores = label_scores(log(PROBABILITIES), two_by_two("marginal"))
    np.testing.assert_allclose(np.exp(scores), [[0.125, 0.175], [0.3, 0.02]], rtol=1e-12)


def test_mean_log_is_the_weighted_geometric_mean():
    # row 0: neg 0.1^(3/4) · 0.2^(1/4), pos (0.3 · 0.05)^(1/2); row 1: neg holds an impossible word
    scores = label_scores(log(PROBABILITIES), two_by_two("mean-log"))
    expected = [[0.1**0.75 * 0.2**0.25, math.sqrt(0.015)], [0.0, math.sqrt(0.0003)]]
    np.testing.assert_allclose(np.exp(scores), expected, rtol=1e-12)
    assert scores[1, 0] == -np.inf


@pytest.mark.parametrize("aggregation", ["marginal", "mean-log"])
def test_an_answer_of_weight_zero_is_silent_even_if_impossible(aggregation):
    answers = ((Answer("bad"), Answer("awful", 0.0)), (Answer("good"),))
    placed = layout(Verbalizer(("neg", "pos"), answers, aggregation), WORDS)
    scores = label_scores(log(PROBABILITIES), placed)
    np.testing.assert_allclose(np.exp(scores), [[0.1, 0.3], [0.4, 0.01]], rtol=1e-12)


def test_marginal_survives_probabilities_far_below_the_smallest_float():
    # log((e^-2000 + e^-2001) / 2) = -2000 + log((1 + e^-1) / 2)
    placed = layout(Verbalizer.of([["bad", "awful"], "good"], ["neg", "pos"]), WORDS)
    scores = label_scores(np.array([[-2000.0, -2001.0, -1999.0, 0.0]]), placed)
    np.testing.assert_allclose(scores, [[-2000 + math.log((1 + math.exp(-1)) / 2), -1999.0]], rtol=1e-12)


def test_a_word_that_is_not_a_number_spoils_its_label_only():
    log_probs = log(PROBABILITIES)
    log_probs[0, 1] = np.nan
    scores = label_scores(log_probs, two_by_two("marginal"))
    assert np.isnan(scores).tolist() == [[True, False], [False, False]]


def test_a_word_matrix_of_another_width_is_refused():
    with pytest.raises(ValueError, match=r"\(n, 4\), got \(2, 3\)"):
        label_scores(np.zeros((2, 3)), two_by_two("marginal"))


def test_words_are_read_off_answer_states_exactly():
    # logits [1·2 + 2·0 + 0.5, 1·1 + 2·1 - 1] = [2.5, 2.0], less the log-partition 3
    words = read_words(
        np.array([[1, 2]], dtype=np.float32),
        np.array([3.0], dtype=np.float32),
        np.array([[2, 0], [1, 1]], dtype=np.float32),
        np.array([0.5, -1.0], dtype=np.float32),
    )
    assert words.dtype == np.float64
    assert words.tolist() == [[-0.5, -1.0]]


def test_words_of_the_whole_vocabulary_are_the_log_softmax_of_the_logits():
    rng = np.random.default_rng(0)
    hidden, embeddings, bias = rng.normal(size=(5, 8)), rng.normal(size=(11, 8)), rng.normal(size=11)
    logits = hidden @ embeddings.T + bias
    partition = np.log(np.exp(logits).sum(axis=1))
    np.testing.assert_allclose(
        read_words(hidden, partition, embeddings, bias), log_softmax(logits), atol=1e-12
    )


def test_log_softmax_keeps_impossible_labels_and_marks_impossible_rows():
    rows = np.array([[0.0, -np.inf], [-np.inf, -np.inf], [np.nan, 0.0], [np.inf, 0.0], [1e4, 1e4]])
    normalised = log_softmax(rows)
    assert normalised[0].tolist() == [0.0, -np.inf]
    assert np.isnan(normalised[1:4]).all()
    np.testing.assert_allclose(normalised[4], [-math.log(2)] * 2, rtol=1e-12)
