"""Tokens as texts and as vectors, on every family."""

from __future__ import annotations

import numpy as np
import pytest

from promptsearch.tasks.task import Example
from promptsearch.template import Template
from tests.plms.zoo import CAUSAL, MASKED, SEQ2SEQ, adapter, raw

FAMILIES = [*MASKED, *CAUSAL, *SEQ2SEQ]
TEMPLATE = Template.parse("{text} It was {mask}")
EXAMPLES = [Example({"text": text}) for text in ("A terrible film.", "", "great, really great")]
WORDS = ["good", "bad", "film", "very", "great", "ness", "wonderful", "and"]


def plain_ids(name: str, text: str) -> list[int]:
    return raw(name)[1](text, add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize("name", FAMILIES)
def test_one_text_a_token_and_none_for_special_ones(name):
    plm, (_, tokenizer) = adapter(name), raw(name)
    texts = plm.vocabulary()
    assert len(texts) == len(tokenizer)
    unknown = tokenizer.unk_token_id
    assert {texts[i] for i in tokenizer.all_special_ids if i != unknown} == {""}
    stripped = {text.strip() for text in texts}
    known = [word for word in WORDS if len(plain_ids(name, word)) == 1]
    assert known
    assert set(known) <= stripped


@pytest.mark.parametrize("name", FAMILIES)
def test_a_token_after_a_letter_tells_whether_it_goes_on_with_the_word(name):
    after = adapter(name).vocabulary(after="a")
    a = plain_ids(name, "a")
    seen = 0
    for word in WORDS:
        for text in (f" {word}", word):
            ids = plain_ids(name, f"a{text}")
            if ids[: len(a)] == a and len(ids) == len(a) + 1:
                assert after[ids[-1]] == text
                seen += 1
    assert seen >= 1


@pytest.mark.parametrize("name", FAMILIES)
def test_spelled_ids_are_word_ids(name):
    plm = adapter(name)
    words = ["good", "very good", "bad"]
    assert plm.spelled_ids(TEMPLATE, words) == plm.word_ids(TEMPLATE, words)
    assert plm.spelled_ids(TEMPLATE, []) == []


@pytest.mark.parametrize("name", ["bert", "deberta", "llama"])
def test_a_word_that_cannot_be_spelled_is_none(name):
    plm = adapter(name)
    good = plm.word_ids(TEMPLATE, ["good"])[0]
    assert plm.spelled_ids(TEMPLATE, ["☃", "good"]) == [None, good]


@pytest.mark.parametrize("name", FAMILIES)
def test_output_embeddings_give_the_scores(name):
    plm = adapter(name)
    ids = [7, 3, 30]
    states = plm.answer_states(TEMPLATE, EXAMPLES)
    embeddings, bias = plm.output_embeddings(ids)
    assert (embeddings.dtype, bias.dtype) == (np.float32, np.float32)
    logits = states.hidden @ embeddings.T + bias
    if name == "gemma-capped":  # the cap comes on top
        logits = 0.5 * np.tanh(logits / 0.5)
    np.testing.assert_allclose(
        logits - states.log_partition[:, None], plm.word_scores(states, ids), atol=1e-4
    )


@pytest.mark.parametrize("name", FAMILIES)
def test_no_tokens_have_no_scores(name):
    plm = adapter(name)
    assert plm.word_scores(plm.answer_states(TEMPLATE, EXAMPLES), []).shape == (3, 0)
    embeddings, bias = plm.output_embeddings([])
    assert embeddings.shape == (0, plm.output.weight.shape[1])
    assert bias.shape == (0,)
