"""What encoder-decoders have of their own: how answers are read, and what is refused."""

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
    T5EncoderModel,
)

from promptsearch.errors import PLMError
from promptsearch.plms import load_plm
from promptsearch.plms.prefixed import prefix_shape_of
from promptsearch.plms.seq2seq_asked import Asked, ask_answers
from promptsearch.plms.sources import show
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from tests.plms.zoo import SEQ2SEQ, adapter, raw

TEMPLATE = Template.parse("{text} It was {mask}.")
EXAMPLES = [Example({"text": text}) for text in ("A terrible film.", "", "It was great, really great!")]


def saved(name: str, folder: Path) -> Path:
    """One of the small models as transformers saves it."""
    model, tokenizer = raw(name)
    model.save_pretrained(folder / name)
    tokenizer.save_pretrained(folder / name)
    return folder / name


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
