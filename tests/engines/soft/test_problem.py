"""Soft tokens on small models of every family: their gradients, and what may not change them."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from promptsearch.engines.soft import SoftConfig
from promptsearch.engines.soft.checkpoint import Checkpoint
from promptsearch.engines.soft.problem import SoftProblem
from promptsearch.engines.soft.prompt_learner import PromptLearner
from promptsearch.engines.soft.starting import seeded, train
from promptsearch.errors import DataError, PLMError, TemplateError, VerbalizerError
from promptsearch.plms.base import AnswerScoring, PLMIdentity
from promptsearch.plms.forward import TokenBudget
from promptsearch.plms.masked import MaskedPLM
from promptsearch.readings import label_log_probs
from promptsearch.scoring import fit_none
from promptsearch.soft import SoftTemplate
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer
from tests.engines.soft.reviews import EXAMPLES, WORDS, problem
from tests.engines.soft.slopes import moved, slope, trained_of
from tests.plms.zoo import CAUSAL, MASKED, adapter, raw

KINDS = ("lstm", "mlp", "free")
ROWS = range(len(EXAMPLES))


def loss_of(learner: PromptLearner) -> torch.Tensor:
    gold = [example.label or 0 for example in EXAMPLES]
    found = learner.over_batches(ROWS, learner.log_probs)
    return torch.cat(
        [-log_probs[range(len(rows)), [gold[i] for i in rows]] for rows, log_probs in found]
    ).mean()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*MASKED, *CAUSAL, "t5-gated", "bart"])
def test_gradients_are_those_of_finite_differences(name, kind):
    """Along the gradient, where the loss changes most, and along another direction.

    Each number of each network is checked in `test_encoders.py`.
    """
    with seeded(2):
        learner = moved(problem(name, parameterisation=kind).learner(0))
        layer = learner.objective.layer
        if layer.soft_cap is None:
            # Small random models hardly tell one word from another.
            learner.objective = replace(learner.objective, layer=replace(layer, scale=30.0))
        parameters = trained_of(learner)
        gradients = torch.autograd.grad(loss_of(learner), parameters)
        others = [torch.randn(gradient.shape) * gradient.norm() for gradient in gradients]
    assert all(bool(gradient.any()) for gradient in gradients)
    for direction in (gradients, [one + 0.5 * other for one, other in zip(gradients, others)]):
        expected = float(sum((one * other).sum() for one, other in zip(gradients, direction)))
        assert slope(learner, loss_of, direction, expected) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("name", ["bert", "modernbert", "gpt2", "llama", "t5", "bart"])
def test_the_size_of_batches_and_their_padding_change_nothing(name):
    # A model is built once, and sets the seed as it is.
    raw(name)
    found = []
    for tokens in (8, 10_000):
        with seeded(2):
            learner = moved(problem(name, tokens=tokens).learner(0))
        found.append((loss_of(learner), learner))
    one, many = (torch.autograd.grad(loss, trained_of(learner)) for loss, learner in found)
    assert float(found[0][0].detach()) == pytest.approx(float(found[1][0].detach()), abs=1e-4)
    for gradient, other in zip(one, many):
        torch.testing.assert_close(gradient, other, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("name", ["bert", "gpt2", "bart"])
def test_nothing_of_the_plm_is_changed(name):
    found = problem(name)
    before = {key: value.clone() for key, value in found.plm.model.state_dict().items()}
    train(found.learner, found.lesson(ROWS[::2], ROWS[1::2]), found.config.training, 0)
    for key, value in found.plm.model.state_dict().items():
        assert torch.equal(value, before[key])
    # No gradient of a weight is ever computed.
    assert not any(parameter.requires_grad for parameter in found.plm.model.parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_learned_is_what_a_prompt_answers(kind):
    """The encoder is folded away: the vectors alone give the log-likelihood of the last look."""
    found = problem("bert", parameterisation=kind)
    trained = train(found.learner, found.lesson(ROWS[::2], ROWS[1::2]), found.config.training, 0)
    learner, held_out = trained.learner, EXAMPLES[1::2]
    assert isinstance(learner, PromptLearner)
    assert trained.look is not None
    template = SoftTemplate.of(found.template, learner.soft_vectors())
    log_probs = label_log_probs(found.plm, template, WORDS, fit_none(), AnswerScoring(), held_out)
    gold = [example.label or 0 for example in held_out]
    assert log_probs[range(len(gold)), gold].mean() == pytest.approx(trained.look.log_likelihood, abs=1e-4)
    assert int((log_probs.argmax(axis=1) == gold).sum()) == trained.look.correct


@pytest.mark.parametrize(
    ("name", "kind"), [("bert", "lstm"), ("gpt2", "mlp"), ("llama", "free"), ("t5", "free")]
)
def test_a_killed_training_ends_with_the_same_vectors(name, kind, tmp_path):
    def run(stop_after: int | None = None) -> PromptLearner:
        found = problem(name, parameterisation=kind)
        calls = iter(range(1000))
        trained = train(
            found.learner,
            found.lesson(ROWS[::2], ROWS[1::2]),
            found.config.training,
            0,
            stop=lambda: stop_after is not None and next(calls) >= stop_after,
            checkpoint=checkpoint,
        )
        assert isinstance(trained.learner, PromptLearner)
        return trained.learner

    checkpoint = Checkpoint(tmp_path / "state.safetensors", {"name": name})
    whole = run(stop_after=1000)
    checkpoint.remove()
    for killed_at in (3, 9, 5):
        run(stop_after=killed_at)
    np.testing.assert_array_equal(run().soft_vectors().array, whole.soft_vectors().array)


def test_training_on_the_built_in_plm_makes_the_loss_fall(minilm):
    config = SoftConfig(parameterisation="free", rate=0.2)
    template = Template.parse("{text} {soft:It was} {mask}.")
    found = SoftProblem(
        minilm, template, Verbalizer.of([["terrible"], ["great"]], [0, 1]), EXAMPLES, config, 0
    )
    before = float(loss_of(found.learner(0)).detach())
    training = config.training.single
    trained = train(found.learner, found.lesson(ROWS), training, 0, until=8)
    assert isinstance(trained.learner, PromptLearner)
    assert float(loss_of(trained.learner).detach()) < 0.8 * before


# What is refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "problem_", "hint"),
    [
        ("{text} It was {mask}.", "the template has no soft tokens to be learned", "Write {soft*5}"),
        (
            "{trigger*2}{text} {soft*2} {mask}.",
            "has trigger tokens as well as soft ones",
            "Search the trigger",
        ),
        ("{text} {soft*999} {mask}.", "takes? 1", "Shorten the template"),
    ],
)
def test_templates_that_cannot_be_learned(source, problem_, hint):
    with pytest.raises(TemplateError, match=problem_) as caught:
        problem("bert", source)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(hint)


def test_text_after_the_slot_of_a_causal_plm():
    with pytest.raises(TemplateError, match=r"text after \{mask\} cannot be read by gpt2"):
        problem("gpt2", "{text} {soft*2} {mask}.")


def test_answers_of_several_tokens():
    words = Verbalizer.of([["bad"], ["very good"]], [0, 1])
    with pytest.raises(VerbalizerError, match="has 2 tokens on bert"):
        SoftProblem(
            adapter("bert"), Template.parse("{soft*2}{text} {mask}"), words, EXAMPLES, SoftConfig(), 0
        )


def test_embeddings_that_cannot_be_reached():
    plm = adapter("bert")
    model = copy.deepcopy(plm.model)

    def hidden():
        raise NotImplementedError

    model.get_input_embeddings = hidden
    identity = PLMIdentity("odd", None, "masked", "0" * 64)
    odd = MaskedPLM(model, plm.encoder, identity, TokenBudget(64))
    with pytest.raises(PLMError, match="the input embeddings of BertForMaskedLM cannot be reached"):
        SoftProblem(odd, Template.parse("{soft*2}{text} {mask}"), WORDS, EXAMPLES, SoftConfig(), 0)


def test_fewer_examples_than_classes():
    found = problem("bert")
    with pytest.raises(DataError, match="there are 1 examples to train on, and 2 labels"):
        found.lesson([0])
    with pytest.raises(DataError, match="all of one class"):
        found.lesson([0, 1])
