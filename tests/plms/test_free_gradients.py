"""Gradients at free places against finite differences and against a plain forward pass."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from promptsearch.plms.forward import TokenBudget
from promptsearch.plms.free import FreeReader
from promptsearch.plms.local import LocalPLM
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from tests.plms.reference import decoder_ids
from tests.plms.zoo import CAUSAL, SEQ2SEQ, adapter

EXAMPLES = [Example({"text": text}) for text in ("A terrible film.", "", "It was great, really great!")]
ROWS = [2, 0, 1]
# The first place at the start, in the middle and after a text, in one group and in two.
SOURCES = [
    "{text} {trigger*3} {mask}",
    "{trigger*2} {text} is {mask}",
    "So {soft*1} {text}{trigger*2} is {mask}",
]
CLOZE = ["{text} {trigger*2} is {mask} {soft*1} indeed.", "{mask} {soft*2} of {text}"]
FAMILIES = ["bert", "deberta", "gpt2", "llama", "bloom-alibi", "t5-gated", "bart", "mbart"]
CASES = [(name, source) for name in FAMILIES for source in SOURCES + ([] if name in CAUSAL else CLOZE)]


def double(name: str) -> LocalPLM:
    plm = adapter(name)
    return type(plm)(copy.deepcopy(plm.model).double(), plm.encoder, plm.identity, TokenBudget(64))


def start(reader: FreeReader, each: bool = False) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    shape = (len(ROWS),) * each + (reader.prompts.places,)
    return reader.matrix[torch.randint(5, len(reader.matrix), shape, generator=generator)].clone()


def weights_of(states: Tensor) -> Tensor:
    return torch.randn(states.shape, generator=torch.Generator().manual_seed(4), dtype=torch.float64)


def value(reader: FreeReader, vectors: Tensor) -> Tensor:
    states = reader.read_vectors(vectors, ROWS).double()
    return (states * weights_of(states)).sum()


@pytest.mark.parametrize("reuse", [True, False])
@pytest.mark.parametrize("each", [True, False])
@pytest.mark.parametrize(("name", "source"), CASES)
def test_gradients_are_finite_differences(name, source, each, reuse):
    reader = double(name).free_reader(Template.parse(source), EXAMPLES, reuse)
    vectors = start(reader, each)
    leaf = vectors.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(value(reader, leaf), leaf)
    assert gradient.shape == vectors.shape
    generator = torch.Generator().manual_seed(5)
    step = 3e-3
    for direction in torch.randn(4, *vectors.shape, generator=generator, dtype=torch.float64):
        with torch.no_grad():
            ahead, behind = (value(reader, vectors + sign * step * direction) for sign in (1, -1))
        found = float((ahead - behind) / (2 * step))
        # States are float32, which leaves this much of a difference of two of them.
        slack = 1e-3 * float(gradient.norm() * direction.norm()) + 1e-3
        assert found == pytest.approx(float((gradient * direction).sum()), abs=slack)


@pytest.mark.parametrize("name", ["bert", "llama", "bloom-alibi", "t5", "bart"])
def test_each_place_has_its_own_gradient(name):
    """What one place does to one row, and to no other row."""
    reader = double(name).free_reader(Template.parse(SOURCES[2]), EXAMPLES)
    leaf = start(reader, each=True).requires_grad_()
    states = reader.read_vectors(leaf, ROWS)
    (gradient,) = torch.autograd.grad(states[1].sum(), leaf)
    at_row = gradient.flatten(1).norm(dim=1)
    assert at_row[0] == at_row[2] == 0
    assert (gradient[1].norm(dim=-1) > 0).all()


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama", "t5", "bart"])
def test_batches_add_up_to_the_whole_gradient(name):
    plm = adapter(name, tokens=20)
    reader = plm.free_reader(Template.parse(SOURCES[0]), EXAMPLES)
    vectors = start(reader)

    def gradient(rows: list[int]) -> Tensor:
        leaf = vectors.clone().requires_grad_()
        return torch.autograd.grad(reader.read_vectors(leaf, rows).sum(), leaf)[0]

    parts = reader.over_batches(ROWS, gradient)
    assert len(parts) > 1
    torch.testing.assert_close(sum(part for _, part in parts), gradient(ROWS), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama", "t5", "bart"])
def test_a_frozen_plm_gets_no_gradient(name):
    plm = double(name)
    reader = plm.free_reader(Template.parse(SOURCES[0]), EXAMPLES)
    leaf = start(reader).requires_grad_()
    value(reader, leaf).backward()
    assert leaf.grad is not None
    assert all(parameter.grad is None for parameter in plm.model.parameters())


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama", "t5", "bart"])
def test_a_plm_that_is_tuned_gets_the_gradient_of_a_plain_pass(name):
    plm: Any = double(name)
    reader = plm.free_reader(Template.parse(SOURCES[0]), EXAMPLES, reuse=False)
    filling = np.array([20, 21, 22])
    layer = next(
        module for module in plm.model.modules() if isinstance(module, torch.nn.LayerNorm | torch.nn.Linear)
    )
    tuned = list(layer.parameters())
    for parameter in tuned:
        parameter.requires_grad_(True)
    found = torch.autograd.grad(value(reader, reader.matrix[filling]), tuned)
    states = []
    for row in ROWS:
        ids, at = reader.prompts.filled(row, filling), int(reader.prompts.answer[row])
        inputs = {"input_ids": torch.tensor([ids])}
        if name in SEQ2SEQ:
            written, at = decoder_ids(plm.model, plm.encoder.tokenizer, ids, at)
            inputs["decoder_input_ids"] = torch.tensor([written])
        # The input of the output layer, as a hook of the test's own sees it.
        seen: list[Tensor] = []
        output = plm.model.get_output_embeddings()
        handle = output.register_forward_pre_hook(lambda _, inputs, seen=seen: seen.append(inputs[0]))
        plm.model(**inputs)
        handle.remove()
        states.append(seen[0][0, at])
    stacked = torch.stack(states)
    wanted = torch.autograd.grad((stacked * weights_of(stacked)).sum(), tuned)
    for one, other in zip(found, wanted):
        assert other.abs().sum() > 0
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


def test_the_built_in_plm(minilm):
    """Real weights: a step along the gradient changes the state as the gradient says."""
    for source in ("{text} {trigger*3} {mask}.", "{mask}: {trigger*2} {text}"):
        reader = minilm.free_reader(Template.parse(source), EXAMPLES)
        leaf = start(reader).requires_grad_()
        (gradient,) = torch.autograd.grad(value(reader, leaf), leaf)
        step = 1e-2 * gradient / gradient.norm()
        with torch.no_grad():
            change = float(value(reader, leaf + step) - value(reader, leaf - step))
        assert change == pytest.approx(2e-2 * float(gradient.norm()), rel=0.01)
