"""Prompts whose soft tokens have been found, against words in their place and plain transformers calls."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from promptsearch.errors import PLMError, TemplateError, VerbalizerError
from promptsearch.plms.base import AnswerScoring
from promptsearch.plms.cache import StateCache
from promptsearch.plms.local import LocalPLM
from promptsearch.readings import label_log_probs, word_log_probs
from promptsearch.scoring import fit_none
from promptsearch.soft import SoftTemplate, SoftVectors
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer
from tests.plms.reference import decoder_ids
from tests.plms.zoo import CAUSAL, MASKED, SEQ2SEQ, adapter, raw

TEXTS = ["good", "It was a terrible film, and the acting was worse than the script.", "very", ""]
EXAMPLES = [Example({"text": text}) for text in TEXTS]
SOFT = {
    "masked": Template.parse("{soft*2} {text} {soft:It was} {mask}{soft*1}."),
    "seq2seq": Template.parse("{soft*2} {text} {soft:It was} {mask}{soft*1}."),
    "causal": Template.parse("Review:{soft*2} {text} {soft:It was}{soft*1} {mask}"),
}


def found_for(plm: LocalPLM, template: Template | None = None, seed: int = 0) -> SoftTemplate:
    """The template with random vectors of the size of embeddings."""
    template = template or SOFT[plm.identity.family]
    reader = plm.free_reader(template, EXAMPLES[:1])
    random = np.random.default_rng(seed)
    shape = reader.prompts.places, reader.matrix.shape[1]
    array = random.normal(size=shape) * float(reader.matrix.std())
    return SoftTemplate.of(template, SoftVectors(array, reader.prompts.groups))


@pytest.mark.parametrize("name", [*MASKED, *CAUSAL, *SEQ2SEQ])
def test_embeddings_of_words_answer_as_the_words_do(name):
    plm = adapter(name)
    cloze = "" if plm.identity.family == "causal" else "."
    template = Template.parse("{text} {soft:It was} {mask}" + cloze)
    words = Template.parse("{text} It was {mask}" + cloze)
    ids = plm.initial_ids(template)[0]
    assert ids is not None
    vectors = plm.free_reader(template, ()).matrix[ids].numpy()
    found = plm.answer_states(SoftTemplate.of(template, SoftVectors(vectors, (len(ids),))), EXAMPLES)
    expected = plm.answer_states(words, EXAMPLES)
    np.testing.assert_allclose(found.hidden, expected.hidden, atol=1e-4)
    np.testing.assert_allclose(found.log_partition, expected.log_partition, atol=1e-4)
    assert found.tokens.tolist() == expected.tokens.tolist()


@pytest.mark.parametrize("name", [*MASKED, *CAUSAL, *SEQ2SEQ])
def test_answers_are_those_of_a_plain_call_with_these_embeddings(name):
    plm, (model, _) = adapter(name), raw(name)
    template = found_for(plm)
    states = plm.answer_states(template, EXAMPLES)
    chosen = list(range(20, 40))
    found = plm.word_scores(states, chosen)
    prompts = plm.free_reader(template.unfilled, EXAMPLES).prompts
    for i, ids in enumerate(prompts.ids):
        with torch.no_grad():
            table = (model.get_encoder() if name in SEQ2SEQ else model).get_input_embeddings()
            inputs, at = {"inputs_embeds": table(torch.tensor([ids]))}, int(prompts.answer[i])
            vectors = torch.tensor(template.vectors.array)
            inputs["inputs_embeds"][0, prompts.free[i]] = vectors
            if name in SEQ2SEQ:
                written, last = decoder_ids(model, plm.encoder.tokenizer, list(ids), at)
                inputs["decoder_inputs_embeds"] = table(torch.tensor([written]))
                # BART's decoder reads the text left of the slot as well.
                copied = [place for place in prompts.free[i] if place < last] if last > 1 else []
                inputs["decoder_inputs_embeds"][0, np.array(copied, dtype=int) + 1] = vectors[: len(copied)]
                at = last
            logits = model(**inputs).logits[0, at]
        np.testing.assert_allclose(found[i], logits.log_softmax(dim=-1)[chosen].numpy(), atol=1e-4)


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama", "t5", "bart"])
def test_batches_and_order_change_nothing(name):
    template = found_for(adapter(name))
    one = adapter(name, tokens=8).answer_states(template, EXAMPLES)
    many = adapter(name, tokens=10_000).answer_states(template, EXAMPLES[::-1])
    np.testing.assert_allclose(one.hidden, many.hidden[::-1], atol=1e-4)
    np.testing.assert_allclose(one.log_partition, many.log_partition[::-1], atol=1e-4)


def test_templates_of_words_may_go_along():
    plm = adapter("bert")
    soft, words = found_for(plm), Template.parse("{text} It was {mask}.")
    together = plm.answer_states_of([words, soft, words], EXAMPLES)
    for found, template in zip(together, (words, soft, words)):
        np.testing.assert_array_equal(found.hidden, plm.answer_states(template, EXAMPLES).hidden)


def test_a_cache_tells_vectors_apart(tmp_path):
    plm = adapter("bert", cache=StateCache(tmp_path))
    one, other = found_for(plm, seed=0), found_for(plm, seed=1)
    assert str(one) == str(other)
    first, second = (plm.answer_states(template, EXAMPLES) for template in (one, other))
    assert np.abs(first.hidden - second.hidden).max() > 1e-3
    again = adapter("bert", cache=StateCache(tmp_path))
    computed = again.forward_tokens
    np.testing.assert_array_equal(
        again.answer_states(found_for(again, seed=1), EXAMPLES).hidden, second.hidden
    )
    assert again.forward_tokens == computed


def test_fields_are_shortened_and_nothing_else():
    plm = adapter("bert")
    template = found_for(plm)
    states = plm.answer_states(template, [EXAMPLES[0], Example({"text": "very good " * 200})])
    assert states.shortened.tolist() == [False, True]
    assert plm.shortened(template, EXAMPLES).tolist() == [False] * 4
    assert states.tokens[1] == plm.max_tokens


def test_no_examples():
    states = adapter("gpt2").answer_states(found_for(adapter("gpt2")), [])
    assert (states.hidden.shape, len(states)) == ((0, 32), 0)


@pytest.mark.parametrize("name", ["bert", "gpt2"])
def test_labels_are_read_as_of_any_template(name):
    plm = adapter(name)
    template, verbalizer = found_for(plm), Verbalizer.of({0: ["bad"], 1: ["good"]}, [0, 1])
    found = label_log_probs(plm, template, verbalizer, fit_none(), AnswerScoring(), EXAMPLES)
    scores = word_log_probs(plm, template, ["bad", "good"], EXAMPLES, AnswerScoring())
    np.testing.assert_allclose(found, scores - np.logaddexp(*scores.T)[:, None], atol=1e-5)
    empty = plm.answer_states(template, [Example({"text": ""})])
    words = [ids[0] for ids in plm.word_ids(template, ["bad", "good"])]
    relative = word_log_probs(plm, template, ["bad", "good"], EXAMPLES, AnswerScoring("pmi"))
    np.testing.assert_allclose(relative, scores - plm.word_scores(empty, words), atol=1e-4)


def test_answers_of_several_tokens_are_refused():
    plm = adapter("bert")
    with pytest.raises(VerbalizerError, match="an answer has 2 tokens on bert"):
        plm.answer_log_probs(found_for(plm), EXAMPLES, ["good", "very good"])


def test_vectors_for_another_plm_are_refused():
    plm, template = adapter("bert"), SOFT["masked"]
    groups = plm.free_reader(template, ()).prompts.groups
    for array, of in ((np.ones((sum(groups), 31)), groups), (np.ones((6, 32)), (2, 3, 1))):
        with pytest.raises(PLMError, match="the soft tokens are not for bert"):
            plm.answer_states(SoftTemplate.of(template, SoftVectors(array, of)), EXAMPLES)
    with pytest.raises(TemplateError, match="still has soft or trigger tokens"):
        plm.answer_states(template, EXAMPLES)
    long = SoftTemplate.of(Template.parse("{text}{soft*600} {mask}"), SoftVectors(np.ones((600, 32)), (600,)))
    with pytest.raises(TemplateError, match="words and soft tokens take"):
        plm.answer_states(long, EXAMPLES)
