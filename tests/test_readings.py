from __future__ import annotations

import math

import numpy as np
import pytest

from promptsearch.errors import OptionError, VerbalizerError
from promptsearch.plms.base import AnswerScoring
from promptsearch.readings import (
    CalibrationInputs,
    calibration_names,
    content_free_examples,
    fit_calibration,
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


def test_columns_choose_words():
    turned = INPUTS.columns([1, 0])
    assert fit_calibration("pmi", turned, PLACE).word_offsets == pytest.approx((math.log(0.4), math.log(0.1)))


def test_an_unknown_calibration():
    with pytest.raises(OptionError, match="there is no calibration 'btach'"):
        fit_calibration("btach", INPUTS, PLACE)
    assert calibration_names() == ["none", "contextual", "pmi", "batch", "prior", "prior-batch"]
