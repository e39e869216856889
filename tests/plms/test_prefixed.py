"""PLMs behind virtual tokens: the same figures as peft, and as tokens that stand there in truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from promptsearch.errors import PLMError, TemplateError
from promptsearch.plms.base import AnswerScoring
from promptsearch.plms.local import LocalPLM
from promptsearch.plms.prefixed import prefix_shape_of, prefixed
from promptsearch.plms.prefixes import keys_and_values
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from tests.plms.zoo import adapter, raw

TEXTS = ["good", "It was a terrible film, and the acting was worse than the script.", "very", ""]
EXAMPLES = [Example({"text": text}) for text in TEXTS]
TEMPLATES = {
    "masked": Template.parse("{text} It was {mask}."),
    "causal": Template.parse("{text} It was {mask}"),
}
MASKED, CAUSAL = ("bert", "roberta"), ("gpt2", "llama", "qwen", "gemma-capped")


def some_vectors(plm: LocalPLM, n: int = 3) -> Tensor:
    random = np.random.default_rng(0)
    return torch.from_numpy(random.normal(size=(n, prefix_shape_of(plm).numbers)).astype(np.float32))


def with_prefix(name: str, n: int = 3, tokens: int = 64) -> tuple[LocalPLM, Template]:
    plm = adapter(name, tokens)
    return prefixed(plm, some_vectors(plm, n)), TEMPLATES[plm.identity.family]


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("name", MASKED + CAUSAL)
def test_answers_are_those_of_peft(name: str) -> None:
    plm, template = with_prefix(name)
    words = ["good", "bad"]
    ids = [tokens[0] for tokens in plm.word_ids(template, words)]
    found = plm.word_scores(plm.answer_states(template, EXAMPLES), ids)
    masked = plm.identity.family == "masked"
    model = _in_peft(name, some_vectors(adapter(name)))
    for row, example in zip(found, EXAMPLES):
        encoded = plm.encoder.encode(template, [example], read_right=masked)
        prompt = [*encoded.left[0], *([plm.encoder.mask_id] if masked else []), *encoded.right[0]]
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt))).logits
        at = len(encoded.left[0]) - (not masked)
        expected = logits[0, at].log_softmax(dim=-1)[ids]
        np.testing.assert_allclose(row, expected.numpy(), atol=1e-4)


def _in_peft(name: str, vectors: Tensor) -> Any:
    """The model with the same prefix, in peft."""
    from peft import PrefixTuningConfig, get_peft_model

    masked = name in MASKED
    config = PrefixTuningConfig(
        task_type="FEATURE_EXTRACTION" if masked else "CAUSAL_LM", num_virtual_tokens=len(vectors)
    )
    model = get_peft_model(raw.__wrapped__(name)[0], config)
    with torch.no_grad():
        model.prompt_encoder["default"].embedding.weight.copy_(vectors)
    return model.eval()


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama"])
def test_neither_batch_nor_padding_change_what_is_read(name: str) -> None:
    (alone, template), (together, _) = with_prefix(name, tokens=1), with_prefix(name, tokens=4096)
    expected = np.concatenate([alone.answer_states(template, [example]).hidden for example in EXAMPLES])
    np.testing.assert_allclose(together.answer_states(template, EXAMPLES).hidden, expected, atol=1e-4)
    reader = together.word_reader(template, EXAMPLES)
    rows = list(range(len(EXAMPLES)))
    with torch.no_grad():
        found = reader.read_vectors(torch.zeros(0, reader.matrix.shape[1]), rows)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama"])
def test_the_gradient_of_each_number_is_its_effect(name: str) -> None:
    plm, template = with_prefix(name, n=2)
    vectors = plm.prefix.vectors.clone()

    def loss(values: Tensor) -> Tensor:
        plm.prefix.vectors = values
        reader = plm.word_reader(template, EXAMPLES)
        hidden = reader.read_vectors(torch.zeros(0, reader.matrix.shape[1]), [0, 1, 2, 3])
        return plm.output.logits(hidden, torch.tensor([7, 9])).log_softmax(dim=-1)[:, 0].sum()

    leaf = vectors.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(leaf), [leaf])
    direction = torch.from_numpy(np.random.default_rng(1).normal(size=leaf.shape).astype(np.float32))
    step = 1e-2
    with torch.no_grad():
        slope = (loss(vectors + step * direction) - loss(vectors - step * direction)) / (2 * step)
    assert (gradient * direction).sum().item() == pytest.approx(slope.item(), rel=0.02)
    assert (gradient != 0).float().mean() > 0.99


@pytest.mark.parametrize("name", ["gpt2", "pythia", "qwen"])
def test_keys_and_values_of_words_are_as_good_as_the_words(name: str) -> None:
    plm = adapter(name)
    words = plm.encoder.encode(Template.parse("This is {mask}"), [Example({})], read_right=False).left[0]
    cache = keys_and_values(plm.model, torch.tensor([words]))
    behind = prefixed(plm, prefix_shape_of(plm).vectors(cache))
    template = Template.parse("This is{text} very {mask}")
    without = Template.parse("{text} very {mask}")
    examples = [Example({"text": text}) for text in (" good", " very good film")]
    expected = plm.answer_states(template, examples)
    found = behind.answer_states(without, examples)
    np.testing.assert_allclose(found.hidden, expected.hidden, atol=1e-4)


def test_answers_of_several_tokens_and_shared_starts_are_read_behind_the_prefix_too() -> None:
    plm, _ = with_prefix("gpt2")
    template = Template.parse("It was a terrible film, and the acting was worse. {text} It was {mask}")
    answers = ["terrible", "good", "very good film"]
    found = plm.answer_log_probs(template, EXAMPLES, answers, AnswerScoring())
    plm.share = False
    expected = [plm.answer_log_probs(template, [example], answers)[0] for example in EXAMPLES]
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_a_model_that_takes_no_keys_and_values_is_refused() -> None:
    for name in ("modernbert", "deberta"):
        with pytest.raises(PLMError, match="cannot be given a prefix"):
            prefix_shape_of(adapter(name))


def test_virtual_tokens_take_room_in_the_context() -> None:
    plm = adapter("gpt2")
    behind = prefixed(plm, some_vectors(plm, 200))
    assert behind.max_tokens == 56
    long = [Example({"text": "good film " * 100})]
    assert behind.shortened(TEMPLATES["causal"], long).all()
    assert behind.answer_states(TEMPLATES["causal"], long).tokens[0] <= 56
    with pytest.raises(TemplateError, match="256 virtual tokens leave no room"):
        prefixed(plm, some_vectors(plm, 256))


def test_another_prefix_is_another_plm() -> None:
    plm = adapter("bert")
    one, other = some_vectors(plm), some_vectors(plm) + 1
    identities = {plm.identity, prefixed(plm, one).identity, prefixed(plm, other).identity}
    assert len(identities) == 3
    assert prefixed(plm, one.clone()).identity == prefixed(plm, one).identity
