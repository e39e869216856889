"""Every family against the obvious reference, one shared suite."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from promptsearch.errors import TemplateError, VerbalizerError
from promptsearch.plms.base import AnswerScoring
from promptsearch.plms.cache import StateCache
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from tests.plms import reference
from tests.plms.zoo import CAUSAL, MASKED, SEQ2SEQ, adapter, fresh, raw

FAMILIES = [*MASKED, *CAUSAL, *SEQ2SEQ]
EXAMPLES = [
    Example({"text": text})
    for text in (
        "A terrible film.",
        "",
        "It was great, really great. A wonderful, funny and moving story!",
        "  very good  ",
        "the plot (thin) goes nowhere, nowhere at all; the acting was worse than the script",
        "l'été à Paris… 今天天气很好",
        "bad",
    )
]
PREFIX = [
    Template.parse(source)
    for source in (
        "{text} It was {mask}",
        "{text} It was very {mask}",
        "{text}\nSentiment: {mask}",
        "Review: {text}\nSentiment: {mask}",
        "({text}) This is ({mask}",
    )
]
CLOZE = [
    Template.parse(source)
    for source in (
        "{text} It was {mask}.",
        "{mask} news: {text}",
        "Just ({mask})! {text}",
        "A {mask} film, {text}!",
    )
]


def templates_of(name: str) -> list[Template]:
    return PREFIX + ([] if name in CAUSAL else CLOZE)


def all_log_probs(plm, states) -> np.ndarray:
    size = plm.output.weight.shape[0]
    return plm.word_scores(states, range(size))


@pytest.mark.parametrize("name", FAMILIES)
def test_answer_states_give_the_whole_vocabulary(name):
    model, tokenizer = raw(name)
    plm = adapter(name)
    for template, states in zip(templates_of(name), plm.answer_states_of(templates_of(name), EXAMPLES)):
        found = all_log_probs(plm, states)
        for row, example in zip(found, EXAMPLES):
            expected = reference.vocabulary_log_probs(model, tokenizer, template, example).numpy()
            np.testing.assert_allclose(row, expected, atol=1e-4, err_msg=f"{template} {example}")
        np.testing.assert_allclose(np.exp(found).sum(axis=1), 1, atol=1e-3)


@pytest.mark.parametrize("name", FAMILIES)
def test_nothing_hangs_on_batches_order_padding_or_sharing(name):
    expected = adapter(name, tokens=1).answer_states_of(templates_of(name), EXAMPLES)
    _, tokenizer = raw(name)
    side = tokenizer.padding_side
    try:
        tokenizer.padding_side = "left" if side == "right" else "right"
        shuffled = adapter(name, tokens=10_000).answer_states_of(templates_of(name)[::-1], EXAMPLES[::-1])
    finally:
        tokenizer.padding_side = side
    alone = [adapter(name).answer_states(template, EXAMPLES) for template in templates_of(name)]
    for a, b, c in zip(expected, shuffled[::-1], alone):
        np.testing.assert_allclose(a.hidden, b.hidden[::-1], atol=1e-4)
        np.testing.assert_allclose(a.hidden, c.hidden, atol=1e-4)
        np.testing.assert_allclose(a.log_partition, b.log_partition[::-1], atol=1e-4)
        assert a.tokens.tolist() == c.tokens.tolist()


@pytest.mark.parametrize("name", FAMILIES)
def test_cached_states_are_the_computed_ones(name, tmp_path):
    template = templates_of(name)[0]
    computed = adapter(name, cache=StateCache(tmp_path)).answer_states(template, EXAMPLES)
    plm = adapter(name, cache=StateCache(tmp_path))
    plm.forward_tokens = 0
    again = plm.answer_states(template, EXAMPLES)
    assert plm.forward_tokens == 0
    assert computed.hidden.tobytes() == again.hidden.tobytes()
    assert computed.shortened.tolist() == again.shortened.tolist()
    # The same rows in another order are known, and come in that order.
    turned = plm.answer_states(template, EXAMPLES[::-1])
    assert plm.forward_tokens == 0
    assert turned.hidden.tobytes() == computed.hidden[::-1].tobytes()
    # Only the rows that are new go through the model.
    more = plm.answer_states(
        template, [*EXAMPLES, Example({"text": "new", "text_a": "new", "text_b": "new"})]
    )
    assert plm.forward_tokens > 0
    assert more.hidden[:-1].tobytes() == computed.hidden.tobytes()


@pytest.mark.parametrize("name", CAUSAL)
@pytest.mark.parametrize("template", PREFIX, ids=str)
def test_causal_answers_of_several_tokens(name, template):
    model, tokenizer = raw(name)
    answers = ["good", "very good", "goodness", "not very bad", "bad"]
    found = adapter(name).answer_log_probs(template, EXAMPLES, answers)
    for row, example in zip(found, EXAMPLES):
        for value, answer in zip(row, answers):
            expected = reference.causal_answer(model, tokenizer, template, example, answer)
            assert value == pytest.approx(expected, abs=2e-4), (answer, example)


@pytest.mark.parametrize("name", MASKED)
@pytest.mark.parametrize("filling", ["at-once", "left-to-right"])
def test_masked_answers_of_several_tokens(name, filling):
    model, tokenizer = raw(name)
    template, answers = CLOZE[0], ["good", "very good", "very bad", "not very bad"]
    plm = adapter(name)
    ids = plm.word_ids(template, answers)
    found = plm.answer_log_probs(template, EXAMPLES, answers, AnswerScoring("sum", filling))
    for row, example in zip(found, EXAMPLES):
        for value, tokens in zip(row, ids):
            expected = reference.masked_answer(model, tokenizer, template, example, tokens, filling)
            assert value == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("name", SEQ2SEQ)
@pytest.mark.parametrize("template", PREFIX[:2] + CLOZE, ids=str)
def test_seq2seq_answers_of_several_tokens(name, template):
    model, tokenizer = raw(name)
    # One begins another, two begin alike.
    answers = ["good", "very good", "very", "very bad", "not very bad", "goodness"]
    plm = adapter(name)
    ids = plm.word_ids(template, answers)
    found = plm.answer_log_probs(template, EXAMPLES, answers)
    for row, example in zip(found, EXAMPLES):
        for value, tokens in zip(row, ids):
            expected = reference.seq2seq_answer(model, tokenizer, template, example, tokens)
            assert value == pytest.approx(expected, abs=2e-4, rel=1e-5), (tokens, example)


@pytest.mark.parametrize("name", FAMILIES)
def test_normalisations(name):
    plm, template = adapter(name), PREFIX[0]
    answers = ["good", "not very bad"]
    lengths = [len(ids) for ids in plm.word_ids(template, answers)]
    sums = plm.answer_log_probs(template, EXAMPLES[:2], answers)
    mean = plm.answer_log_probs(template, EXAMPLES[:2], answers, AnswerScoring("token"))
    pmi = plm.answer_log_probs(template, EXAMPLES[:2], answers, AnswerScoring("pmi"))
    np.testing.assert_allclose(mean, sums / lengths, rtol=1e-5)
    # The second example is empty, so its PMI is nought and the first's is the difference.
    np.testing.assert_allclose(pmi[1], 0, atol=1e-4)
    np.testing.assert_allclose(pmi[0], sums[0] - sums[1], atol=1e-4)


@pytest.mark.parametrize("name", FAMILIES)
def test_words_with_the_same_first_piece_score_differently(name):
    plm = adapter(name)
    words = ["good", "goodness"]
    scores = plm.answer_log_probs(PREFIX[0], EXAMPLES[:1], words)[0]
    assert scores[0] != pytest.approx(scores[1], abs=1e-3)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_single_token_answer_scores_the_same_either_way(name):
    plm, template = adapter(name), PREFIX[0]
    ids = plm.word_ids(template, ["good", "bad", "film"])
    single = [word for word, tokens in zip(["good", "bad", "film"], ids) if len(tokens) == 1]
    tokens = [tokens[0] for tokens in ids if len(tokens) == 1]
    states = plm.answer_states(template, EXAMPLES)
    by_states = plm.word_scores(states, tokens)
    by_answers = plm.answer_log_probs(template, EXAMPLES, single)
    np.testing.assert_allclose(by_states, by_answers, atol=1e-4)


@pytest.mark.parametrize("name", ["gpt2", "pythia", "opt", "llama", "qwen", "gemma-capped", "cohere-scaled"])
def test_left_parts_are_shared(name):
    plm = adapter(name, tokens=100_000)
    assert plm.sharing.trees
    assert plm.sharing.prefixes
    long = [Example({"text": "the acting was worse than the script " * 4})]
    plm.forward_tokens = 0
    plm.answer_states_of(PREFIX[:3], long)
    shared = plm.forward_tokens
    plm.share, plm.forward_tokens = False, 0
    plm.answer_states_of(PREFIX[:3], long)
    assert shared < plm.forward_tokens / 2


def test_a_model_that_sharing_would_change_is_given_plain_sequences():
    plm = adapter("bloom-alibi")
    assert not plm.sharing.trees


@pytest.mark.parametrize("name", ["gpt2", "llama", "opt"])
def test_a_long_fixed_start_runs_once(name):
    model, tokenizer = raw(name)
    start = "the plot goes nowhere and the acting was worse than the script. " * 2
    template = Template.parse(start + "{text} It was {mask}")
    plm = adapter(name)
    states = plm.answer_states(template, EXAMPLES)
    assert plm.forward_tokens < 0.75 * states.tokens.sum()
    found = all_log_probs(plm, states)
    for row, example in zip(found, EXAMPLES):
        expected = reference.vocabulary_log_probs(model, tokenizer, template, example).numpy()
        np.testing.assert_allclose(row, expected, atol=1e-4)


@pytest.mark.parametrize("name", CAUSAL)
def test_text_after_the_slot_is_refused_by_a_causal_plm(name):
    with pytest.raises(TemplateError, match="left to right"):
        adapter(name).answer_states(CLOZE[0], EXAMPLES)


@pytest.mark.parametrize("name", FAMILIES)
def test_only_fields_are_shortened(name):
    plm = adapter(name)
    long = Example({"text": "terrible film and great story, " * 200})
    template = templates_of(name)[-1]
    states = plm.answer_states(template, [EXAMPLES[0], long])
    assert states.shortened.tolist() == [False, True]
    read_right = name not in CAUSAL
    encoded = plm.encoder.encode(template, [EXAMPLES[0], long], read_right=read_right)
    room = plm.max_tokens - 1
    assert len(encoded.left[1]) + len(encoded.right[1]) == room
    short_text = plm.encoder.tokenizer.decode(encoded.left[1] + encoded.right[1])
    for words in ("film,", "!") if read_right else ("This is (",):
        assert words.replace(" ", "") in short_text.replace(" ", "")


@pytest.mark.parametrize("name", FAMILIES)
def test_a_template_longer_than_the_context_is_refused(name):
    template = Template.parse("terrible film and great story, " * 200 + "{text} It was {mask}")
    plm = adapter(name)
    if plm.max_tokens < 400:
        with pytest.raises(TemplateError, match="own words take"):
            plm.answer_states(template, EXAMPLES)
    else:
        assert name == "bloom-alibi"


def test_an_unknown_word_is_named():
    with pytest.raises(VerbalizerError, match="'☃'"):
        adapter("bert").word_ids(PREFIX[0], ["good", "☃"])


def test_slots_still_to_be_found_are_refused():
    with pytest.raises(TemplateError, match="to be found"):
        adapter("bert").answer_states(Template.parse("{text} {trigger*3} {mask}"), EXAMPLES)


def test_no_examples_give_empty_states():
    states = adapter("bert").answer_states(PREFIX[0], [])
    assert states.hidden.shape == (0, 32)
    assert adapter("llama").answer_states_of(PREFIX[:2], [])[1].hidden.shape == (0, 32)


@pytest.mark.parametrize("name", ["bert", "roberta", "gpt2", "llama", "qwen", "t5", "bart"])
def test_bfloat16_agrees_on_labels(name):
    words = ["good", "bad"]
    examples = [
        Example({"text": f"{a} {b} film"})
        for a in ("a", "great", "the worst", "very")
        for b in ("good", "bad", "thin")
    ]
    template = PREFIX[0]

    def labels(plm):
        return plm.answer_log_probs(template, examples, words, AnswerScoring("token"))

    exact, rough = labels(adapter(name)), labels(fresh(name, dtype=torch.bfloat16))
    clear = np.abs(exact[:, 0] - exact[:, 1]) > 0.05
    assert (exact.argmax(1) == rough.argmax(1))[clear].all()
    np.testing.assert_allclose(exact, rough, atol=0.3)


@pytest.mark.parametrize("name", ["gpt2", "llama", "bert", "t5", "bart"])
def test_an_answer_scores_the_same_beside_a_longer_one(name):
    plm, template = adapter(name), PREFIX[0]
    long = [Example({"text": "terrible film and great story, " * 200})]
    alone = plm.answer_log_probs(template, long, ["very good"])
    beside = plm.answer_log_probs(
        template, long, ["very good", "not very bad but not at all good either, really"]
    )
    assert plm.answer_states(template, long).shortened.all()
    np.testing.assert_allclose(alone[:, 0], beside[:, 0], atol=1e-4)
