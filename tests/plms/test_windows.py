"""Models with layers that see no further than a window: longer than what is tried, shorter than prompts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    GPTNeoConfig,
    GPTNeoForCausalLM,
    Llama4ForCausalLM,
    Llama4TextConfig,
    MistralConfig,
    MistralForCausalLM,
)

from promptsearch.errors import TemplateError
from promptsearch.plms.base import PLMIdentity
from promptsearch.plms.causal import CausalPLM
from promptsearch.plms.encoding import PromptEncoder
from promptsearch.plms.forward import TokenBudget
from promptsearch.plms.prefixed import prefix_shape_of, prefixed
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from tests.plms import reference
from tests.plms.zoo import bytelevel, metaspace

WINDOW = 24
LONG = (
    "It was great, really great. A wonderful, funny and moving story! The plot goes nowhere, nowhere at all."
)
EXAMPLES = [Example({"text": text}) for text in ("bad", LONG, f"{LONG} {LONG}", "A terrible film.")]
# The first two share a start that is worth keeping, all share much as a tree.
SOURCES = [
    f"{LONG} Review: {{text}} It was {{mask}}",
    f"{LONG} Review: {{text}} It was very {{mask}}",
    f"{LONG} Review: {{text}} In one word it was {{mask}}",
]
_SIZE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
_LLAMA = _SIZE | {"num_key_value_heads": 2, "max_position_embeddings": 512}

MODELS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "mistral": lambda: (
        MistralForCausalLM(MistralConfig(vocab_size=len(metaspace(False)), sliding_window=WINDOW, **_LLAMA)),
        metaspace(False),
    ),
    "gemma2": lambda: (
        Gemma2ForCausalLM(
            Gemma2Config(
                vocab_size=len(metaspace(False)),
                sliding_window=WINDOW,
                head_dim=8,
                pad_token_id=0,
                bos_token_id=1,
                eos_token_id=2,
                **_LLAMA,
            )
        ),
        metaspace(False),
    ),
    # Its window counts places in the batch, not positions.
    "gpt-neo": lambda: (
        GPTNeoForCausalLM(
            GPTNeoConfig(
                vocab_size=len(bytelevel(False)),
                hidden_size=32,
                num_layers=2,
                num_heads=4,
                attention_types=[[["global", "local"], 1]],
                window_size=WINDOW,
                max_position_embeddings=512,
                bos_token_id=0,
                eos_token_id=0,
            )
        ),
        bytelevel(False),
    ),
    "llama4": lambda: (
        Llama4ForCausalLM(
            Llama4TextConfig(
                vocab_size=len(metaspace(False)),
                attention_chunk_size=WINDOW,
                intermediate_size_mlp=64,
                head_dim=8,
                num_local_experts=2,
                pad_token_id=0,
                **_LLAMA,
            )
        ),
        metaspace(False),
    ),
}


@cache
def raw(name: str) -> tuple[Any, Any]:
    torch.manual_seed(7)
    model, tokenizer = MODELS[name]()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3.0) if parameter.dim() > 1 else parameter
    return model.eval(), tokenizer


def adapter(name: str, tokens: int = 512) -> CausalPLM:
    model, tokenizer = raw(name)
    encoder = PromptEncoder(tokenizer, 400, tokenizer.bos_token_id)
    return CausalPLM(model, encoder, PLMIdentity(name, None, "causal", "0" * 64), TokenBudget(tokens))


@pytest.mark.parametrize("name", MODELS)
def test_prompts_longer_than_the_window_are_read_as_they_are_alone(name):
    model, tokenizer = raw(name)
    plm = adapter(name)
    assert plm.sharing.trees
    templates = [Template.parse(source) for source in SOURCES]
    for template, states in zip(templates, plm.answer_states_of(templates, EXAMPLES)):
        found = plm.word_scores(states, range(len(plm.output.weight)))
        for row, example in zip(found, EXAMPLES):
            expected = reference.vocabulary_log_probs(model, tokenizer, template, example)
            np.testing.assert_allclose(row, expected.numpy(), atol=1e-4, err_msg=f"{template} {example}")


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("texts", [["bad", "very good"], [LONG, "bad"]], ids=["short", "long"])
def test_fillings_are_read_as_they_are_alone(name, texts):
    """Many short ones make a tree that is larger than the window, though each of them is seen whole."""
    plm = adapter(name)
    reader = plm.free_reader(
        Template.parse("{text} {trigger*3} {mask}"), [Example({"text": t}) for t in texts]
    )
    fillings = np.random.default_rng(1).integers(10, len(plm.encoder.tokenizer), (20, 3))
    found = reader.read(fillings, range(len(texts)))
    for filling, states in zip(fillings.tolist(), found):
        for row, hidden in enumerate(states):
            with torch.no_grad():
                logits = plm.model(input_ids=torch.tensor([reader.prompts.filled(row, filling)])).logits
            torch.testing.assert_close(plm.output.logits(hidden[None])[0], logits[0, -1], atol=1e-4, rtol=0)


def test_virtual_tokens_stay_in_the_window():
    plm = adapter("mistral")
    vectors = torch.randn(4, prefix_shape_of(plm).numbers)
    behind = prefixed(plm, vectors)
    assert behind.max_tokens == WINDOW - 4
    states = behind.answer_states(Template.parse("{text} It was {mask}"), EXAMPLES)
    assert states.shortened.tolist() == [False, True, True, False]
    with pytest.raises(TemplateError, match="leave no room in the context of 24 tokens"):
        prefixed(plm, vectors.repeat(6, 1))
