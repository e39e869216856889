"""What encoder-decoders have of their own: layouts, what the encoder is run for, and what is refused."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
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
    T5EncoderModel,
)

from promptsearch.errors import PLMError
from promptsearch.plms import load_plm
from promptsearch.plms.base import PLMIdentity
from promptsearch.plms.encoding import PromptEncoder
from promptsearch.plms.forward import TokenBudget
from promptsearch.plms.loading import context_tokens
from promptsearch.plms.local import LocalPLM
from promptsearch.plms.prefixed import prefix_shape_of
from promptsearch.plms.seq2seq import Seq2SeqPLM
from promptsearch.plms.seq2seq_asked import Asked, ask_answers
from promptsearch.plms.sources import LoadedModel, show
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from tests.plms.zoo import SEQ2SEQ, adapter, raw
from tests.plms.zoo_seq2seq import languages
from tests.plms.zoo_tokenizers import bytelevel

TEMPLATE = Template.parse("{text} It was {mask}.")
EXAMPLES = [Example({"text": text}) for text in ("A terrible film.", "", "It was great, really great!")]


def saved(name: str, folder: Path) -> Path:
    """One of the small models as transformers saves it."""
    model, tokenizer = raw(name)
    model.save_pretrained(folder / name)
    tokenizer.save_pretrained(folder / name)
    return folder / name


def prompt_ids(name: str, text: str, template: Template = TEMPLATE) -> tuple[list[int], list[int]]:
    """What encoder and decoder read of a prompt."""
    plm: Any = adapter(name)
    asked = plm._asked(plm.encoder.encode(template, [Example({"text": text})]))[0]
    return list(asked.source), list(asked.opening)


# Layouts ---------------------------------------------------------------------------------------------


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


# Answers ---------------------------------------------------------------------------------------------


def test_beginnings_of_answers_are_read_once():
    first, second = Asked((1, 9, 2), (0, 9)), Asked((3, 9, 2), (0, 9))
    answers = [[5], [5, 6], [5, 6, 7], [8, 6], [5, 7]]
    found = ask_answers({1: [first, second]}, [1] * 5, answers)
    # Before the last tokens stand: nothing, 5, 5 6, 8, 5.
    assert [asked.source for asked in found.asked] == [first.source, second.source]
    assert [asked.starts for asked in found.asked] == [((8,), (5, 6))] * 2
    # States of `8`: at its start and behind it; of `5 6`: at its start, behind 5, and behind 6.
    assert found.rows[0, 3] == 0
    assert found.rows[0, [1, 2, 4]].tolist() == [2, 2, 2]
    assert found.rows[0, 0] in (0, 2)
    assert (found.rows[1] - found.rows[0]).tolist() == [5] * 5


def test_answers_of_prompts_that_are_cut_for_them_are_asked_apart():
    long, short = Asked((1, 2, 9), (0, 1, 2)), Asked((1, 9), (0, 1))
    same = Asked((3, 9), (0, 3))
    found = ask_answers({1: [long, same], 2: [short, same]}, [1, 2], [[5], [6, 7]])
    assert [(asked.source, asked.starts) for asked in found.asked] == [
        (long.source, ((),)),
        (short.source, ((6,),)),
        (same.source, ((6,),)),
    ]
    assert found.rows.tolist() == [[0, 1], [3, 3]]


@contextmanager
def tokens_read(module: torch.nn.Module, name: str) -> Iterator[list[int]]:
    """While open, how many tokens each call of a module reads."""
    seen: list[int] = []

    def note(_module: Any, _arguments: Any, inputs: dict[str, Any]) -> None:
        seen.append(inputs[name].numel())

    handle = module.register_forward_pre_hook(note, with_kwargs=True)
    try:
        yield seen
    finally:
        handle.remove()


@pytest.mark.parametrize("name", ["t5", "bart"])
def test_the_encoder_runs_once_for_all_answers(name):
    plm = adapter(name, tokens=10_000)
    with tokens_read(plm.model.get_encoder(), "input_ids") as alone:
        plm.answer_states(TEMPLATE, EXAMPLES)
    answers = ["very good", "not very bad", "goodness", "good film", "bad"]
    with tokens_read(plm.model.get_encoder(), "input_ids") as together:
        plm.answer_log_probs(TEMPLATE, EXAMPLES, answers)
    assert alone == together
    assert len(together) == 1


@pytest.mark.parametrize(("name", "times"), [("t5", 1), ("bart", 2)])
def test_texts_become_ids_once_for_answers_of_the_same_room(name, times, monkeypatch):
    """That of one or two tokens on BART, and of any on T5."""
    plm = adapter(name)
    rooms: list[int] = []
    encode = plm.encoder.encode

    def counted(template: Template, examples: Any, slot_tokens: int = 1) -> Any:
        rooms.append(slot_tokens)
        return encode(template, examples, slot_tokens=slot_tokens)

    monkeypatch.setattr(plm.encoder, "encode", counted)
    plm.answer_log_probs(TEMPLATE, EXAMPLES, ["good", "bad", "film", "very good", "very bad"])
    assert len(rooms) == len(set(rooms)) == times


def test_many_answers_are_read_in_parts():
    """The decoder's rows of one prompt keep to the budget, and say the same."""
    answers = ["very good", "not very bad", "goodness", "good film", "terrible bad", "worse, really"]
    whole = adapter("t5", tokens=10_000).answer_log_probs(TEMPLATE, EXAMPLES, answers)
    plm = adapter("t5", tokens=48)
    with tokens_read(plm.model.get_decoder(), "input_ids") as parts:
        found = plm.answer_log_probs(TEMPLATE, EXAMPLES, answers)
    assert len(parts) > len(EXAMPLES)
    np.testing.assert_allclose(found, whole, atol=1e-4)


@pytest.mark.parametrize("name", ["t5", "bart"])
def test_no_examples_and_no_answers(name):
    plm = adapter(name)
    assert plm.answer_states(TEMPLATE, []).hidden.shape == (0, 32)
    assert plm.answer_log_probs(TEMPLATE, [], ["very good"]).shape == (0, 1)
    assert plm.answer_log_probs(TEMPLATE, EXAMPLES, []).shape == (3, 0)


@pytest.mark.parametrize("name", ["bart", "mbart"])
def test_a_long_answer_has_room_behind_a_long_text(name):
    """The decoder of BART holds text and answer, and has no more positions than the encoder."""
    plm = adapter(name)
    long = [Example({"text": "terrible film and great story, " * 100})]
    answer = "not very bad but not at all good either, really"
    found = plm.answer_log_probs(Template.parse("{text} It was {mask}"), long, [answer])
    assert np.isfinite(found).all()


# Vectors ---------------------------------------------------------------------------------------------


def test_vectors_reach_the_decoder_only_where_it_copies():
    for name, moves in (("t5", False), ("bart", True)):
        plm: Any = adapter(name)
        reader = plm.free_reader(Template.parse("{soft*2} {text} {mask}"), EXAMPLES)
        # An encoder that says the same whatever stands in its places.
        same = plm.encode([reader.prompts.ids[row] for row in (0, 2)])
        plm.encode = lambda _sources, same=same: same
        torch.manual_seed(0)
        states = [reader.read_vectors(vectors, [0, 2]) for vectors in torch.randn(2, 2, 32)]
        assert bool((states[0] - states[1]).abs().max() > 1e-3) is moves


def test_embeddings_of_their_own_in_encoder_and_decoder():
    plm: Any = odd(bytelevel(True), pad_token_id=1)
    table = plm.model.get_decoder().embed_tokens
    table.weight = torch.nn.Parameter(table.weight + 1)
    before = plm.free_reader(Template.parse("{soft*2} {text} {mask}"), EXAMPLES)
    with pytest.raises(PLMError, match="embeddings of their own"):
        before.read_vectors(torch.zeros(2, 16), [0])
    behind = plm.free_reader(Template.parse("{text} {mask} {soft*2}"), EXAMPLES)
    assert behind.read_vectors(torch.zeros(2, 16), [0]).shape == (1, 16)


@pytest.mark.parametrize("name", ["t5", "bart"])
def test_keys_and_values_in_every_layer_are_refused(name):
    with pytest.raises(PLMError, match="encoder-decoder, which cannot be given keys and values") as caught:
        prefix_shape_of(adapter(name))
    assert "soft tokens" in str(caught.value.hint)


# From disk -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SEQ2SEQ)
def test_a_saved_model_answers_as_it_did(name, tmp_path):
    plm = load_plm(str(saved(name, tmp_path)), device="cpu", dtype="float32", cache=False)
    assert plm.identity.family == "seq2seq"
    assert plm.max_tokens == 130
    found = plm.answer_states(TEMPLATE, EXAMPLES)
    wanted = adapter(name).answer_states(TEMPLATE, EXAMPLES)
    np.testing.assert_allclose(found.hidden, wanted.hidden, atol=1e-5)
    np.testing.assert_allclose(found.log_partition, wanted.log_partition, atol=1e-4)
    assert found.tokens.tolist() == wanted.tokens.tolist()


def test_an_output_layer_of_its_own_is_read_without_a_warning(tmp_path, caplog):
    """As that of FLAN-T5, which transformers would have tied to the embeddings."""
    folder = saved("t5-gated", tmp_path)
    model = copy.deepcopy(raw("t5-gated")[0])
    model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight * 2 + 1)
    model.save_pretrained(folder)
    plm = load_plm(str(folder), device="cpu", dtype="float32", cache=False)
    assert torch.equal(plm.output.weight, model.lm_head.weight)
    assert not caplog.records


def test_an_encoder_alone_is_refused(tmp_path):
    folder = saved("t5", tmp_path)
    # It writes into the config that it is given.
    T5EncoderModel(copy.deepcopy(raw("t5")[0].config)).save_pretrained(folder)
    with pytest.raises(PLMError):
        load_plm(str(folder), device="cpu", dtype="float32", cache=False)


def test_what_is_shown_of_a_model(tmp_path):
    details = show(str(saved("t5", tmp_path)))
    assert (details["family"], details["layers"], details["hidden_size"], details["max_tokens"]) == (
        "seq2seq",
        2,
        32,
        130,
    )
