"""How sequence-to-sequence PLMs lay prompts out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    LEDConfig,
    LEDForConditionalGeneration,
    PLBartConfig,
    PLBartForConditionalGeneration,
    ProphetNetConfig,
    ProphetNetForConditionalGeneration,
)

from promptsearch.errors import PLMError
from promptsearch.plms.base import PLMIdentity
from promptsearch.plms.encoding import PromptEncoder
from promptsearch.plms.forward import TokenBudget
from promptsearch.plms.loading import context_tokens
from promptsearch.plms.local import LocalPLM
from promptsearch.plms.seq2seq import Seq2SeqPLM
from promptsearch.plms.sources import LoadedModel
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from tests.plms.zoo import SEQ2SEQ, adapter, raw
from tests.plms.zoo_seq2seq import languages
from tests.plms.zoo_tokenizers import bytelevel

TEMPLATE = Template.parse("{text} It was {mask}.")
EXAMPLES = [Example({"text": text}) for text in ("A terrible film.", "", "It was great, really great!")]


def prompt_ids(name: str, text: str, template: Template = TEMPLATE) -> tuple[list[int], list[int]]:
    """What encoder and decoder read of a prompt."""
    plm: Any = adapter(name)
    asked = plm._asked(plm.encoder.encode(template, [Example({"text": text})]))[0]
    return list(asked.source), list(asked.opening)


@pytest.mark.parametrize("name", ["t5", "t5-gated"])
def test_t5_reads_a_sentinel_and_writes_it_first(name):
    tokenizer = raw(name)[1]
    source, opening = prompt_ids(name, "good")
    assert tokenizer.convert_ids_to_tokens(source[-3:]) == ["<extra_id_0>", ".", "</s>"]
    assert tokenizer.convert_ids_to_tokens(opening) == ["<pad>", "<extra_id_0>"]


def test_bart_reads_a_mask_and_writes_the_text_before_it():
    source, opening = prompt_ids("bart", "good")
    tokenizer = raw("bart")[1]
    slot = source.index(tokenizer.mask_token_id)
    assert tokenizer.convert_ids_to_tokens([source[0], source[-1]]) == ["<s>", "</s>"]
    assert opening == [tokenizer.eos_token_id, *source[:slot]]
    assert tokenizer.decode(opening) == "</s><s>good It was"


def test_mbart_writes_its_language_first():
    tokenizer = raw("mbart")[1]
    source, opening = prompt_ids("mbart", "good")
    slot = source.index(tokenizer.mask_token_id)
    assert tokenizer.convert_ids_to_tokens(source[-2:]) == ["</s>", "en_XX"]
    assert opening == [tokenizer.convert_tokens_to_ids("en_XX"), *source[:slot]]


@pytest.mark.parametrize("name", SEQ2SEQ)
def test_words_stand_in_the_slot_as_they_do_in_the_text(name):
    _, tokenizer = raw(name)
    plm = adapter(name)
    whole = tokenizer("bad It was good.", add_special_tokens=False)["input_ids"]
    (inside,) = plm.word_ids(TEMPLATE, ["good"])
    source, _ = prompt_ids(name, "bad")
    slot = source.index(plm.encoder.mask_id)
    left = source[len(plm.encoder.prefix_ids) : slot]
    assert [*left, *inside, *source[slot + 1 : len(source) - len(plm.encoder.suffix_ids)]] == whole


@pytest.mark.parametrize("name", ["t5", "bart", "mbart"])
def test_a_text_that_spells_the_gap_is_text(name):
    plm = adapter(name)
    gap = plm.encoder.tokenizer.convert_ids_to_tokens(plm.encoder.mask_id)
    source, _ = prompt_ids(name, f"a {gap} film")
    assert source.count(plm.encoder.mask_id) == 1


_TINY = {
    "d_model": 16,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_ffn_dim": 16,
    "decoder_ffn_dim": 16,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
}


def odd(tokenizer: Any, **config: Any) -> LocalPLM:
    return of_kin(
        BartForConditionalGeneration(BartConfig(vocab_size=len(tokenizer), **_TINY, **config)), tokenizer
    )


def of_kin(model: Any, tokenizer: Any) -> LocalPLM:
    """Any encoder-decoder, with the context that it would be loaded with, of 64 tokens at most."""
    limit = min(64, context_tokens(LoadedModel(model, tokenizer, "seq2seq", "0" * 64)))
    identity = PLMIdentity("odd", None, "seq2seq", "0" * 64)
    return Seq2SeqPLM(model.eval(), PromptEncoder(tokenizer, limit), identity, TokenBudget(64))


def test_a_model_that_was_not_trained_to_fill_gaps():
    with pytest.raises(PLMError, match="odd has neither sentinels") as caught:
        odd(bytelevel(False), pad_token_id=0)
    assert "T5" in str(caught.value.hint)


def test_a_decoder_that_nothing_says_how_to_begin():
    # One of its own, since others take it as it is.
    tokenizer = bytelevel.__wrapped__(True)
    tokenizer.pad_token = None
    with pytest.raises(PLMError, match="with which token its decoder begins"):
        odd(tokenizer, decoder_start_token_id=None, pad_token_id=None)


def test_plbart_writes_the_last_token_behind_a_text_first():
    model = PLBartForConditionalGeneration(PLBartConfig(vocab_size=len(languages()), **_TINY))
    labels = torch.tensor([languages()("good")["input_ids"]])
    wanted = model.prepare_decoder_input_ids_from_labels(labels)[0, 0]
    assert of_kin(model, languages()).layout.start == wanted  # ty: ignore


def test_a_decoder_with_fewer_positions_than_the_encoder():
    """LED's, which reads what stands left of the slot."""
    config = {"max_encoder_position_embeddings": 64, "max_decoder_position_embeddings": 24}
    tokenizer = bytelevel(True)
    led = LEDForConditionalGeneration(
        LEDConfig(vocab_size=len(tokenizer), attention_window=8, pad_token_id=1, **_TINY, **config)
    )
    plm = of_kin(led, tokenizer)
    assert plm.max_tokens == 24
    states = plm.answer_states(TEMPLATE, [Example({"text": "good film " * 50})])
    assert states.tokens.tolist() == [24]
    assert np.isfinite(states.hidden).all()


def test_a_decoder_that_writes_several_tokens_at_a_place():
    tokenizer = bytelevel(True)
    sizes = {"hidden_size": 16, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16, "num_encoder_layers": 1}
    heads = {"num_encoder_attention_heads": 2, "num_decoder_attention_heads": 2, "num_decoder_layers": 1}
    model = ProphetNetForConditionalGeneration(
        ProphetNetConfig(vocab_size=len(tokenizer), pad_token_id=1, **sizes, **heads)
    )
    with pytest.raises(PLMError, match="several tokens at a place"):
        of_kin(model, tokenizer)


def test_embeddings_of_their_own_in_encoder_and_decoder():
    plm: Any = odd(bytelevel(True), pad_token_id=1)
    table = plm.model.get_decoder().embed_tokens
    table.weight = torch.nn.Parameter(table.weight + 1)
    before = plm.free_reader(Template.parse("{soft*2} {text} {mask}"), EXAMPLES)
    with pytest.raises(PLMError, match="embeddings of their own"):
        before.read_vectors(torch.zeros(2, 16), [0])
    behind = plm.free_reader(Template.parse("{text} {mask} {soft*2}"), EXAMPLES)
    assert behind.read_vectors(torch.zeros(2, 16), [0]).shape == (1, 16)
