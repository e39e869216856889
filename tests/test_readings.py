from __future__ import annotations

import math

import numpy as np
import pytest

from promptsearch.errors import OptionError, VerbalizerError
from promptsearch.plms.base import AnswerScoring
from promptsearch.readings import (
    CalibrationInputs,
    answer_tokens,
    best_log_probs,
    calibration_names,
    content_free_examples,
    fit_calibration,
    summed_scores,
    word_log_probs,
)
from promptsearch.scoring import layout
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer
from tests.plms.zoo import adapter

EXAMPLES = [Example({"text": text}) for text in ("A terrible film.", "", "great, really great")]
TEMPLATE = Template.parse("{text} It was {mask}")
WORDS = ["good", "not very bad", "bad", "very good"]


@pytest.mark.parametrize("name", ["bert", "gpt2"])
@pytest.mark.parametrize("normalisation", ["sum", "token", "pmi"])
def test_words_of_one_and_several_tokens_are_on_one_scale(name, normalisation):
    plm, scoring = adapter(name), AnswerScoring(normalisation)
    lengths = [len(ids) for ids in plm.word_ids(TEMPLATE, WORDS)]
    assert 1 in lengths
    assert max(lengths) > 1
    found = word_log_probs(plm, TEMPLATE, WORDS, EXAMPLES, scoring)
    each = [plm.answer_log_probs(TEMPLATE, EXAMPLES, [word], scoring)[:, 0] for word in WORDS]
    np.testing.assert_allclose(found, np.stack(each, axis=1), atol=2e-4)


@pytest.mark.parametrize("name", ["bert", "gpt2"])
def test_the_order_of_words_and_examples_is_kept(name):
    plm, scoring = adapter(name), AnswerScoring("token")
    found = word_log_probs(plm, TEMPLATE, WORDS, EXAMPLES, scoring)
    turned = word_log_probs(plm, TEMPLATE, WORDS[::-1], EXAMPLES[::-1], scoring)
    np.testing.assert_allclose(found, turned[::-1, ::-1], atol=2e-4)


def test_states_at_hand_are_used():
    plm = adapter("bert")
    states = plm.answer_states(TEMPLATE, EXAMPLES)
    expected = word_log_probs(plm, TEMPLATE, ["good", "bad"], EXAMPLES, AnswerScoring())
    plm.forward_tokens = 0
    found = word_log_probs(plm, TEMPLATE, ["good", "bad"], EXAMPLES, AnswerScoring(), states)
    assert plm.forward_tokens == 0
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", ["bert", "gpt2"])
@pytest.mark.parametrize("words", [WORDS, ["good", "not very bad"], ["very good", "very bad"], ["bad"]])
def test_the_best_word_is_exact_and_no_word_is_undervalued(name, words):
    plm = adapter(name)
    exact = word_log_probs(plm, TEMPLATE, words, EXAMPLES, AnswerScoring())
    states = plm.answer_states(TEMPLATE, EXAMPLES)
    found = best_log_probs(plm, TEMPLATE, words, EXAMPLES, states)
    np.testing.assert_array_equal(found.argmax(axis=1), exact.argmax(axis=1))
    np.testing.assert_allclose(found.max(axis=1), exact.max(axis=1), atol=2e-4)
    assert (found >= exact - 2e-4).all()


def test_a_word_of_several_tokens_that_cannot_win_costs_no_pass():
    plm, words = adapter("gpt2"), ["good", "not very bad"]
    states = plm.answer_states(TEMPLATE, EXAMPLES)
    ids = plm.word_ids(TEMPLATE, words)
    firsts = plm.word_scores(states, [tokens[0] for tokens in ids])
    losing = [example for example, row in zip(EXAMPLES, firsts) if row[1] < row[0]]
    winning = [example for example, row in zip(EXAMPLES, firsts) if row[1] > row[0]]
    for examples, free in ((losing, True), (winning, False)):
        if examples:
            states = plm.answer_states(TEMPLATE, examples)
            plm.forward_tokens = 0
            best_log_probs(plm, TEMPLATE, words, examples, states)
            assert (plm.forward_tokens == 0) is free
    assert losing or winning


def test_words_of_several_tokens_alone_need_no_states():
    plm = adapter("bert")
    found = word_log_probs(plm, TEMPLATE, ["very good"], EXAMPLES, AnswerScoring())
    assert found.shape == (3, 1)


def test_an_unknown_word_is_named():
    with pytest.raises(VerbalizerError, match="'☃'"):
        word_log_probs(adapter("bert"), TEMPLATE, ["good", "☃"], EXAMPLES, AnswerScoring())


def test_content_free_examples_end_with_the_empty_one():
    found = content_free_examples(["text_a", "text_b"])
    assert found[0].values == {"text_a": "N/A", "text_b": "N/A"}
    assert found[-1].values == {"text_a": "", "text_b": ""}


# Spellings -------------------------------------------------------------------------------------------


def test_any_case_counts_the_spellings_of_one_token():
    plm = adapter("gpt2")
    lower, capital = plm.word_ids(TEMPLATE, ["film", "Film"])
    assert len(lower) == len(capital) == 1
    assert len(plm.word_ids(TEMPLATE, ["FILM"])[0]) > 1
    assert answer_tokens(plm, TEMPLATE, ["film"], "any") == [[lower, capital]]
    assert answer_tokens(plm, TEMPLATE, ["film"], "exact") == [[lower]]
    any_case = word_log_probs(plm, TEMPLATE, ["film", "good"], EXAMPLES, AnswerScoring(), case="any")
    exact = word_log_probs(plm, TEMPLATE, ["film", "Film", "good"], EXAMPLES, AnswerScoring())
    np.testing.assert_allclose(np.exp(any_case[:, 0]), np.exp(exact[:, :2]).sum(axis=1), rtol=1e-4)
    np.testing.assert_allclose(any_case[:, 1], exact[:, 2], atol=1e-5)


def test_any_case_of_a_word_that_is_one_token_in_another_case_only():
    plm = adapter("gpt2")
    written, capital = plm.word_ids(TEMPLATE, ["this", "This"])
    assert len(written) > 1
    assert len(capital) == 1
    assert answer_tokens(plm, TEMPLATE, ["this"], "any") == [[capital]]
    assert answer_tokens(plm, TEMPLATE, ["this"], "exact") == [[written]]


def test_any_case_of_a_word_of_several_tokens_is_the_word_as_written():
    plm = adapter("gpt2")
    ids = plm.word_ids(TEMPLATE, ["not very bad"])
    assert answer_tokens(plm, TEMPLATE, ["not very bad"], "any") == [ids]
    found = word_log_probs(plm, TEMPLATE, ["not very bad"], EXAMPLES, AnswerScoring(), case="any")
    np.testing.assert_allclose(
        found, word_log_probs(plm, TEMPLATE, ["not very bad"], EXAMPLES, AnswerScoring()), atol=1e-5
    )


def test_a_tokenizer_without_capitals_counts_a_token_once():
    plm = adapter("bert")
    for case in ("exact", "any"):
        assert answer_tokens(plm, TEMPLATE, ["Good"], case) == [plm.word_ids(TEMPLATE, ["good"])]


@pytest.mark.parametrize("case", ["exact", "any"])
def test_a_word_that_cannot_be_spelled_is_named_whatever_the_case(case):
    with pytest.raises(VerbalizerError, match="'☃'"):
        answer_tokens(adapter("bert"), TEMPLATE, ["good", "☃"], case)


def test_summed_scores_against_a_loop():
    plm = adapter("gpt2")
    states = plm.answer_states(TEMPLATE, EXAMPLES)
    groups = [[5], [6, 7, 8], [5, 9]]
    found = summed_scores(plm, states, groups)
    for column, group in zip(found.T, groups):
        total = sum(np.exp(plm.word_scores(states, [token])[:, 0].astype(float)) for token in group)
        np.testing.assert_allclose(np.exp(column), total, rtol=1e-4)


# Calibrations by hand --------------------------------------------------------------------------------

PLACE = layout(Verbalizer.of({"no": "bad", "yes": "good"}, ["no", "yes"]), ["bad", "good"])
FREE = np.log([[0.2, 0.6], [0.3, 0.3], [0.1, 0.4]])
TRAIN = np.log([[0.01, 0.03], [0.02, 0.02]])
INPUTS = CalibrationInputs.split(TRAIN, FREE)


def test_the_empty_example_is_the_last_of_the_content_free():
    np.testing.assert_array_equal(INPUTS.empty, FREE[2:])
    np.testing.assert_array_equal(INPUTS.content_free, FREE)


def test_none_takes_nothing_off():
    assert fit_calibration("none", INPUTS, PLACE).label_offsets == ()
    assert fit_calibration("none", INPUTS, PLACE).word_offsets is None


def test_contextual_is_the_mean_share_of_each_label():
    # Shares of "no": 0.2/0.8 = 1/4, 1/2 and 0.1/0.5 = 1/5.
    share = (1 / 4 + 1 / 2 + 1 / 5) / 3
    found = fit_calibration("contextual", INPUTS, PLACE)
    assert found.label_offsets == pytest.approx((math.log(share), math.log(1 - share)))


def test_batch_is_the_mean_share_over_texts():
    # Shares of "no": 1/4 and 1/2.
    found = fit_calibration("batch", INPUTS, PLACE)
    assert found.label_offsets == pytest.approx((math.log(3 / 8), math.log(5 / 8)))


def test_pmi_is_the_probability_of_each_word_without_a_text():
    found = fit_calibration("pmi", INPUTS, PLACE)
    assert found.word_offsets == pytest.approx((math.log(0.1), math.log(0.4)))


def test_prior_is_the_mean_probability_over_texts():
    found = fit_calibration("prior", INPUTS, PLACE)
    assert found.word_offsets == pytest.approx((math.log(0.015), math.log(0.025)))
    # Ratios 2/3 and 6/5, then 4/3 and 4/5: shares of "no" 5/14 and 5/8.
    found = fit_calibration("prior-batch", INPUTS, PLACE)
    assert found.word_offsets == pytest.approx((math.log(0.015), math.log(0.025)))
    share = (5 / 14 + 5 / 8) / 2
    assert found.label_offsets == pytest.approx((math.log(share), math.log(1 - share)))


def test_what_is_learned_with_labels_cannot_be_fitted_without():
    with pytest.raises(OptionError, match="there is no calibration 'learned'"):
        fit_calibration("learned", INPUTS, PLACE)


def test_columns_choose_words():
    turned = INPUTS.columns([1, 0])
    assert fit_calibration("pmi", turned, PLACE).word_offsets == pytest.approx((math.log(0.4), math.log(0.1)))


def test_an_unknown_calibration():
    with pytest.raises(OptionError, match="there is no calibration 'btach'"):
        fit_calibration("btach", INPUTS, PLACE)
    assert calibration_names() == ["none", "contextual", "pmi", "batch", "prior", "prior-batch"]
