"""Free prompts read in batches, with and without reuse, against plain transformers calls one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from transformers import Gemma3ForCausalLM, Gemma3TextConfig

from promptsearch.errors import PLMError
from promptsearch.plms.base import PLMIdentity
from promptsearch.plms.causal import CausalPLM
from promptsearch.plms.encoding import PromptEncoder
from promptsearch.plms.forward import TokenBudget
from promptsearch.plms.free import FreePrompts
from promptsearch.plms.local import LocalPLM
from promptsearch.plms.starts import KeptStarts
from promptsearch.tasks.task import Example
from promptsearch.template import Template, Trigger
from tests.plms.reference import decoder_ids, gap_of
from tests.plms.zoo import CAUSAL, MASKED, SEQ2SEQ, adapter, fresh, metaspace, raw

FAMILIES = [*MASKED, *CAUSAL, *SEQ2SEQ]
EXAMPLES = [
    Example({"text": text})
    for text in (
        "A terrible film.",
        "",
        "It was great, really great. A wonderful, funny and moving story!",
        "the plot (thin) goes nowhere, nowhere at all",
    )
]
AFTER_TEXT = Template.parse("{text} {trigger*3} {mask}")
SOURCES = [
    "{text} {trigger*3} {mask}",
    "{trigger*2} {text} was {mask}",
    "So {soft*1} {text}{trigger*2} is {mask}",
]
CLOZE = ["{text} {trigger*2} is {mask} {trigger*1} indeed."]


def templates(name: str) -> list[Template]:
    return [Template.parse(source) for source in SOURCES + ([] if name in CAUSAL else CLOZE)]


def fillings_of(plm: LocalPLM, prompts: FreePrompts, n: int = 5) -> np.ndarray:
    """Most differ from the first in one place, as in a search."""
    generator = np.random.default_rng(1)
    size = len(plm.encoder.tokenizer)
    found = np.tile(generator.integers(10, size, prompts.places), (n, 1))
    for i in range(1, n):
        found[i, generator.integers(prompts.places)] = generator.integers(10, size)
    return found


def vocabulary_log_probs(plm: LocalPLM, ids: list[int], position: int) -> torch.Tensor:
    """The obvious way: one prompt, all logits."""
    inputs = {}
    if plm.identity.family == "seq2seq":
        written, position = decoder_ids(plm.model, plm.encoder.tokenizer, ids, position)
        inputs["decoder_input_ids"] = torch.tensor([written])
    with torch.no_grad():
        return plm.model(input_ids=torch.tensor([ids]), **inputs).logits[0, position].float().log_softmax(-1)


def expected(plm: LocalPLM, prompts: FreePrompts, fillings: np.ndarray, rows: list[int]) -> torch.Tensor:
    """(c, r, vocabulary)"""
    return torch.stack(
        [
            torch.stack(
                [
                    vocabulary_log_probs(plm, prompts.filled(row, filling), int(prompts.answer[row]))
                    for row in rows
                ]
            )
            for filling in fillings.tolist()
        ]
    )


def log_probs(plm: LocalPLM, states: torch.Tensor) -> torch.Tensor:
    flat = states.reshape(-1, states.shape[-1])
    return plm.output.logits(flat).log_softmax(-1).view(*states.shape[:-1], -1)


def close(found: Any, wanted: Any, tolerance: float = 1e-4) -> None:
    torch.testing.assert_close(found, wanted, atol=tolerance, rtol=0)


# Tokens ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAMILIES)
def test_every_filling_is_read_as_it_is_alone(name):
    plm = adapter(name)
    for template in templates(name):
        prompts = plm.free_reader(template, EXAMPLES).prompts
        fillings, rows = fillings_of(plm, prompts), [2, 0, 3, 1]
        wanted = expected(plm, prompts, fillings, rows)
        for reuse in (True, False):
            states = plm.free_reader(template, EXAMPLES, reuse).read(fillings, rows)
            assert states.dtype == torch.float32
            close(log_probs(plm, states), wanted)


@pytest.mark.parametrize(
    "name", ["bert", "deberta", "gpt2", "llama", "mistral-window", "bloom-alibi", "t5", "bart"]
)
@pytest.mark.parametrize("reuse", [True, False])
def test_nothing_hangs_on_batches_or_on_what_is_read_together(name, reuse):
    template = templates(name)[2]
    reader = adapter(name, tokens=10_000).free_reader(template, EXAMPLES, reuse)
    fillings = fillings_of(adapter(name), reader.prompts, 7)
    whole = reader.read(fillings, [0, 1, 2, 3])
    for tokens in (1, 50, 300):
        plm = adapter(name, tokens=tokens)
        reader = plm.free_reader(template, EXAMPLES, reuse)
        close(reader.read(fillings, [3, 1]), whole[:, [3, 1]])
        close(reader.read(fillings[[4]], [2]), whole[[4]][:, [2]])
        close(reader.read(fillings[::-1].copy(), [2, 2, 0]), whole.flip(0)[:, [2, 2, 0]])


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama", "t5", "bart"])
def test_found_tokens_are_answered_as_they_were_in_the_search(name):
    plm = adapter(name)
    for template in templates(name)[:2]:
        reader = plm.free_reader(template, EXAMPLES)
        filling = fillings_of(plm, reader.prompts, 1)
        count = next(piece.count for piece in template.pieces if isinstance(piece, Trigger))
        tokens = template.with_tokens([filling[0, :count].tolist()])
        close(torch.from_numpy(plm.answer_states(tokens, EXAMPLES).hidden), reader.read(filling, range(4))[0])


@pytest.mark.parametrize("name", CAUSAL)
def test_the_left_is_run_once_where_that_changes_nothing(name):
    plm = adapter(name)
    reader = plm.free_reader(AFTER_TEXT, EXAMPLES)
    fillings = fillings_of(plm, reader.prompts, 1)
    reader.read(fillings, [2])
    plm.forward_tokens = 0
    reader.read(fillings, [2])
    whole = len(reader.prompts.ids[2])
    assert plm.forward_tokens == (whole if name in ("mistral-window", "bloom-alibi") else 3)


def test_fillings_that_begin_alike_share_their_beginnings():
    plm = adapter("llama", tokens=1000)
    reader = plm.free_reader(AFTER_TEXT, EXAMPLES)
    reader.read(np.array([[9, 9, 9]]), [0])
    plm.forward_tokens = 0
    reader.read(np.array([[10, 11, 12], [10, 11, 13], [10, 14, 12]]), [0])
    assert plm.forward_tokens == 6


def test_starts_that_memory_does_not_hold_are_run_again():
    plm = adapter("llama", tokens=20)
    reader: Any = plm.free_reader(AFTER_TEXT, EXAMPLES)
    fillings, vectors = fillings_of(plm, reader.prompts), torch.randn(3, 32)
    states, soft = reader.read(fillings, range(4)), reader.read_vectors(vectors, range(4))
    reader.starts = KeptStarts(plm, reader.prompts, most_bytes=1)
    close(reader.read(fillings, range(4)), states)
    close(reader.read_vectors(vectors, range(4)), soft)
    assert sorted(map(bool, reader.starts.lengths(range(4)))) == [False, False, False, True]
    reader.starts = KeptStarts(plm, reader.prompts, most_bytes=0)
    close(reader.read(fillings, range(4)), states)
    assert reader.starts.lengths(range(4)) == [0, 0, 0, 0]


def causal(model: Any, tokenizer: Any) -> CausalPLM:
    encoder = PromptEncoder(tokenizer, 200, tokenizer.bos_token_id)
    return CausalPLM(model, encoder, PLMIdentity("tiny", None, "causal", "0" * 64), TokenBudget(64))


# Vectors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAMILIES)
def test_embeddings_as_vectors_are_those_tokens(name):
    plm = adapter(name)
    for template in templates(name):
        for reuse in (True, False):
            reader = plm.free_reader(template, EXAMPLES, reuse)
            fillings, rows = fillings_of(plm, reader.prompts, 4), [2, 0, 3, 1]
            states = reader.read(fillings, rows)
            vectors = reader.matrix[torch.from_numpy(fillings)]
            close(reader.read_vectors(vectors[0], rows), states[0])
            # Other vectors in each row.
            close(reader.read_vectors(vectors, rows), states[range(4), range(4)])


def test_embeddings_that_are_scaled_when_looked_up():
    torch.manual_seed(7)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
    tokenizer = metaspace(False)
    config = Gemma3TextConfig(vocab_size=len(tokenizer), intermediate_size=64, head_dim=8, **shape)
    plm = causal(Gemma3ForCausalLM(config).eval(), tokenizer)
    reader = plm.free_reader(AFTER_TEXT, EXAMPLES)
    close(reader.matrix, plm.model.get_input_embeddings().weight.detach() * 32**0.5)
    fillings = fillings_of(plm, reader.prompts, 1)
    close(reader.read_vectors(reader.matrix[fillings[0]], range(4)), reader.read(fillings, range(4))[0])


@pytest.mark.parametrize("name", ["bert", "llama", "t5", "bart"])
def test_vectors_are_cast_to_the_models_format(name):
    half = fresh(name, dtype=torch.bfloat16)
    reader = half.free_reader(AFTER_TEXT, EXAMPLES)
    filling = fillings_of(half, reader.prompts, 1)
    vectors = reader.matrix[filling[0]].float().requires_grad_()
    states = reader.read_vectors(vectors, [0, 1, 2])
    assert states.dtype == torch.float32
    close(states.detach(), reader.read(filling, [0, 1, 2])[0], 0.1)
    (gradient,) = torch.autograd.grad(states.sum(), vectors)
    assert gradient.dtype == torch.float32
    assert gradient.abs().sum() > 0


def test_embeddings_out_of_reach_are_named(monkeypatch):
    plm = adapter("gpt2")
    monkeypatch.setattr(plm.model, "get_input_embeddings", lambda: None)
    with pytest.raises(PLMError, match="input embeddings of GPT2LMHeadModel cannot be reached"):
        plm.free_reader(AFTER_TEXT, EXAMPLES)


# Places ----------------------------------------------------------------------------------------------


def place_reference(plm: LocalPLM, ids: list[int], position: int) -> torch.Tensor:
    """What stands in a place by the obvious way; before a document's first token stands its start."""
    if plm.identity.family != "causal":
        gap = gap_of(plm.encoder.tokenizer)
        # A text's gaps have sentinels of their own.
        hidden = [second_gap(plm) if token == gap else token for token in ids]
        return vocabulary_log_probs(plm, [*hidden[:position], gap, *hidden[position + 1 :]], position)
    return vocabulary_log_probs(plm, ids[:position], position - 1)


def second_gap(plm: LocalPLM) -> int:
    tokenizer = plm.encoder.tokenizer
    return tokenizer.get_vocab().get("<extra_id_1>", tokenizer.mask_token_id)


@pytest.mark.parametrize(
    "name", ["bert", "roberta", "gpt2", "llama", "gemma-capped", "bloom-alibi", "t5", "bart", "mbart"]
)
def test_what_a_plm_would_put_into_a_place(name):
    plm = adapter(name)
    for template in templates(name):
        for reuse in (True, False):
            reader = plm.free_reader(template, EXAMPLES, reuse)
            fillings, rows = fillings_of(plm, reader.prompts, 3), [2, 0]
            own = np.zeros((3, 2, reader.prompts.places))
            for i, filling in enumerate(fillings.tolist()):
                for place, token in enumerate(filling):
                    found = reader.place_log_probs(filling, place, rows)
                    for j, row in enumerate(rows):
                        ids = reader.prompts.filled(row, filling)
                        position = int(reader.prompts.free[row, place])
                        if plm.identity.family == "causal" and reader.prompts.free[row, 0] == 0:
                            ids, position = [plm.encoder.start_fallback, *ids], position + 1
                        close(found[j], place_reference(plm, ids, position))
                        own[i, j, place] = found[j, token]
            close(reader.fluency(fillings, rows), torch.tensor(own.mean(axis=(1, 2)), dtype=torch.float32))


def test_a_plm_without_a_start_says_nothing_about_a_first_token():
    model, tokenizer = raw("gpt2")
    encoder = PromptEncoder(tokenizer, 100, None)
    plm = CausalPLM(model, encoder, PLMIdentity("tiny", None, "causal", "0" * 64), TokenBudget(64))
    reader = plm.free_reader(Template.parse("{trigger*1} {text} {mask}"), EXAMPLES)
    with pytest.raises(PLMError, match="nothing stands left of a free place"):
        reader.fluency(np.array([[9]]), [0])


# Memory ----------------------------------------------------------------------------------------------


class Room:
    """While open, no more than so many tokens go through a model at once."""

    def __init__(self, plm: LocalPLM, tokens: int) -> None:
        self.plm, self.tokens, self.largest = plm, tokens, 0

    def check(self, _model: Any, _arguments: Any, inputs: dict[str, Any]) -> None:
        self.largest = max(self.largest, inputs["input_ids"].numel())
        if self.largest > self.tokens:
            self.largest = 0
            raise torch.OutOfMemoryError

    def __enter__(self) -> Room:
        self._handle = self.plm.model.register_forward_pre_hook(self.check, with_kwargs=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.remove()


@pytest.mark.parametrize("name", ["bert", "llama"])
@pytest.mark.parametrize("reuse", [True, False])
def test_batches_are_halved_when_memory_runs_out(name, reuse):
    plm = adapter(name, tokens=2000)
    reader: Any = plm.free_reader(AFTER_TEXT, EXAMPLES * 4, reuse)
    rows = list(range(16))
    fillings, vectors = fillings_of(plm, reader.prompts), torch.randn(3, 32)
    with Room(plm, 10**6) as room:
        states = reader.read(fillings, rows)
    with Room(plm, room.largest // 2):
        close(reader.read(fillings, rows), states)
    assert plm.budget.tokens < 2000
    close(reader.read(fillings, rows), states)
    with Room(plm, 10**6) as room:
        soft = reader.read_vectors(vectors, rows)
    with Room(plm, room.largest // 2):
        done = reader.over_batches(rows, lambda batch: reader.read_vectors(vectors, batch))
        again = list(reader.batches(rows))
        for batch in again:
            reader.read_vectors(vectors, batch)
    assert sorted(row for batch, _ in done for row in batch) == rows
    assert sorted(row for batch in again for row in batch) == rows
    assert len(again) > 1
    for batch, found in done:
        close(found, soft[batch])


def test_one_long_start_does_not_pad_those_of_many():
    """Keys and values that are copied for a batch stay within eight times its tokens."""
    plm = adapter("llama", tokens=64)
    texts = ["bad"] * 30 + [EXAMPLES[2].values["text"] * 4]
    reader: Any = plm.free_reader(AFTER_TEXT, [Example({"text": text}) for text in texts])
    copied, make = [], reader.starts.cache
    reader.starts.cache = lambda rows, lengths: copied.append(len(rows) * max(lengths)) or make(rows, lengths)
    reader.read(fillings_of(plm, reader.prompts, 1), range(31))
    for batch in reader.batches(range(31)):
        reader.read_vectors(torch.randn(3, 32), batch)
    assert max(reader.starts.lengths(range(31))) > 100
    assert max(copied) <= 8 * 64


def test_more_copies_make_smaller_batches():
    reader = adapter("llama", tokens=400).free_reader(AFTER_TEXT, EXAMPLES * 4)
    rows = list(range(16))
    one, three = list(reader.batches(rows)), list(reader.batches(rows, copies=3))
    assert sorted(row for batch in one for row in batch) == rows
    assert len(three) > len(one)
