from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.errors import PLMError
from promptsearch.plms.forward import OutputLayer, TokenBudget, output_layer_input
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from tests.plms.zoo import adapter, raw

LENGTHS = st.lists(st.integers(1, 12), max_size=20)


class Memory:
    """A device on which so many padded tokens fit at once."""

    def __init__(
        self, room: int, error: type[BaseException] | BaseException = torch.OutOfMemoryError
    ) -> None:
        self.room = room
        self.error = error
        self.batches: list[list[int]] = []

    def forward(self, batch: list[int]) -> list[str]:
        self.batches.append(batch)
        if max(batch) * len(batch) > self.room:
            raise self.error
        return [f"item of {length}" for length in batch]


def run(budget: TokenBudget, lengths: list[int], memory: Memory) -> list[str]:
    return budget.run(lengths, lambda length: length, memory.forward)


# Batches ---------------------------------------------------------------------------------------------


@given(LENGTHS, st.integers(1, 40))
def test_every_item_is_in_one_batch_that_fits(lengths, tokens):
    batches = list(TokenBudget(tokens).batches(lengths))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        padded = max(lengths[i] for i in batch) * len(batch)
        assert padded <= tokens or len(batch) == 1
    longest = [max(lengths[i] for i in batch) for batch in batches]
    assert longest == sorted(longest, reverse=True)


@given(LENGTHS, st.integers(1, 40))
def test_results_come_in_the_order_of_the_items(lengths, tokens):
    assert run(TokenBudget(tokens), lengths, Memory(10**6)) == [f"item of {n}" for n in lengths]


def test_progress_counts_up_to_all_items():
    told = []
    budget = TokenBudget(8, progress=lambda done, total: told.append((done, total)))
    run(budget, [4, 4, 4, 2], Memory(100))
    assert told == [(2, 4), (4, 4)]


# Out of memory ---------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 12), min_size=1, max_size=20), st.integers(12, 60))
def test_a_batch_that_does_not_fit_is_halved_until_it_does(lengths, room):
    budget, memory = TokenBudget(400), Memory(room)
    assert run(budget, lengths, memory) == [f"item of {n}" for n in lengths]


def test_the_size_that_worked_is_remembered():
    budget, memory = TokenBudget(64), Memory(16)
    run(budget, [4] * 20, memory)
    assert budget.tokens == 16
    memory.batches.clear()
    run(budget, [4] * 8, memory)
    assert [len(batch) for batch in memory.batches] == [4, 4]


def test_what_is_done_is_not_done_again():
    budget, memory = TokenBudget(16), Memory(16)
    lengths = [8, 8, 2, 2, 2, 2]

    def forward(batch: list[int]) -> list[str]:
        if 2 in batch and memory.room == 16:
            memory.room = 4  # something else takes memory from here on
        return memory.forward(batch)

    assert len(budget.run(lengths, lambda n: n, forward)) == 6
    assert sum(batch == [8, 8] for batch in memory.batches) == 1


def test_a_prompt_too_large_alone_is_named():
    with pytest.raises(PLMError, match="out of memory with a single prompt of 30 tokens") as caught:
        run(TokenBudget(64), [4, 30, 4], Memory(20))
    assert "smaller PLM" in str(caught.value.hint)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError(),
        MemoryError(),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory"
        ),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:80] data. DefaultCPUAllocator: not enough memory: you tried"
        ),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("MPS backend out of memory (MPS allocated: 1.00 GB)"),
    ],
)
def test_every_way_of_running_out(error):
    assert len(run(TokenBudget(64), [4] * 10, Memory(8, error))) == 10


def test_the_processor_itself_runs_out():
    """What torch really says when there is no room."""
    budget = TokenBudget(2)

    def forward(batch: list[int]) -> list[int]:
        if len(batch) > 1:
            torch.empty(2**60, dtype=torch.uint8)
        return batch

    assert budget.run([1, 1], lambda n: n, forward) == [1, 1]
    assert budget.tokens == 1


@pytest.mark.parametrize(
    "message",
    [
        "mat1 and mat2 shapes cannot be multiplied",
        "could not create a memory object",
        "more than one element of the written-to tensor refers to a single memory location",
        "Expected all tensors to be allocated on the same device",
    ],
)
def test_any_other_error_is_passed_on(message):
    """Also where it speaks of memory: halving would only hide it."""
    budget = TokenBudget(64)
    with pytest.raises(RuntimeError, match=message):
        run(budget, [4] * 10, Memory(8, RuntimeError(message)))
    assert budget.tokens == 64


@pytest.mark.parametrize("name", ["bert", "llama"])
def test_a_real_model_on_a_small_device(name, monkeypatch):
    """The same states as with all the room in the world (#18)."""
    template = Template.parse("{text} It was {mask}")
    examples = [Example({"text": "a great film " * (i % 5)}) for i in range(12)]
    expected = adapter(name).answer_states(template, examples)
    plm = adapter(name, tokens=512)
    original = plm._forward

    def small(batch, *rest):
        if len(batch) > 2:
            raise torch.OutOfMemoryError
        return original(batch, *rest)

    monkeypatch.setattr(plm, "_forward", small)
    np.testing.assert_allclose(plm.answer_states(template, examples).hidden, expected.hidden, atol=1e-4)
    assert plm.budget.tokens < 512


# The output layer ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bert", "gpt2", "gemma-capped", "cohere-scaled"])
def test_the_layer_gives_the_models_logits(name):
    model, tokenizer = raw(name)
    ids = tokenizer("a great film", return_tensors="pt")["input_ids"]
    with torch.no_grad():
        expected = model(input_ids=ids).logits[0].float()
        layer = OutputLayer.of(model, {"input_ids": ids})
        hidden = output_layer_input(model, input_ids=ids)[0]
        torch.testing.assert_close(layer.logits(hidden), expected, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(layer.log_partition(hidden), expected.logsumexp(-1), atol=1e-4, rtol=1e-4)
        some = torch.tensor([3, 1, 7])
        torch.testing.assert_close(layer.logits(hidden, some), expected[:, some], atol=1e-4, rtol=1e-4)


def test_an_output_layer_that_is_not_linear_is_refused():
    model, tokenizer = raw("gpt2")
    ids = tokenizer("a great film", return_tensors="pt")["input_ids"]
    handle = model.lm_head.register_forward_hook(lambda module, given, logits: logits**3)
    try:
        with torch.no_grad(), pytest.raises(PLMError, match="is not linear"):
            OutputLayer.of(model, {"input_ids": ids})
    finally:
        handle.remove()


def test_a_model_without_output_embeddings():
    from transformers import BertModel

    from tests.plms.tiny_bert import tiny_config

    with pytest.raises(PLMError, match="has no output embeddings"):
        OutputLayer.of(BertModel(tiny_config(10)), {"input_ids": torch.tensor([[1]])})


def test_no_rows_have_no_partition():
    layer = OutputLayer(torch.ones(3, 2), torch.zeros(3))
    assert layer.log_partition(torch.zeros(0, 2)).shape == (0,)
