"""Soft tokens of tasks that are asked label by label."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from promptsearch.decomposed import Decomposition, label_log_probs
from promptsearch.engines.soft.starting import seeded
from promptsearch.errors import OptionError, TemplateError, VerbalizerError
from promptsearch.tuning.label_by_label import QuestionsLearner, QuestionsTuner
from promptsearch.tuning.record import restored, saved, training_record
from promptsearch.tuning.subject import Subject
from promptsearch.tuning.tuners import log_probs_of, tuner_for
from promptsearch.verbalizer import Verbalizer
from tests.engines.soft.slopes import moved, slope, trained_of
from tests.tuning.running import tuned
from tests.tuning.small import config, subject, task

PLAIN = "{text} {soft*2} It was {mask}"
TEMPLATE = "{text} Is it {label}? {soft*2} It was {mask}"
KINDS = [("p-tuning", "lstm"), ("p-tuning", "mlp"), ("prompt-tuning", "free")]


def begun(name: str, shared: bool, **options: object) -> tuple[Subject, QuestionsTuner, QuestionsLearner]:
    asked = config(TEMPLATE, answers=("good", "bad"), separate=not shared, **options)
    found = replace(subject(name, asked), decomposition=Decomposition("good", "bad", shared))
    tuner = tuner_for(found, asked)
    assert isinstance(tuner, QuestionsTuner)
    with seeded(1):
        return found, tuner, moved(tuner.make(0))


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("name", ["bert", "modernbert", "gpt2", "t5-gated", "bart"])
def test_what_is_trained_is_what_the_prompt_will_say(name, shared):
    found, tuner, learner = begun(name, shared)
    rows = range(len(found.task.train))
    questions = found.decomposition.questions(found.template, found.words, learner.soft_vectors())
    expected = label_log_probs(found.plm, questions, tuner.answers, found.task.train)
    np.testing.assert_allclose(log_probs_of(learner, rows), expected, atol=1e-4)


def loss_of(learner: QuestionsLearner) -> torch.Tensor:
    gold = [example.label or 0 for example in task().train]
    said = learner.over_batches(range(len(gold)), learner.log_probs)
    return torch.cat([-each[range(len(rows)), [gold[i] for i in rows]] for rows, each in said]).mean()


@pytest.mark.parametrize(("method", "encoder"), KINDS)
@pytest.mark.parametrize("name", ["bert", "gpt2", "t5-gated"])
def test_gradients_are_those_of_finite_differences(name, method, encoder):
    _, _, learner = begun(name, shared=False, method=method, encoder=encoder)
    # Small random models hardly tell one word from another.
    learner.objectives = [replace(o, layer=replace(o.layer, scale=30.0)) for o in learner.objectives]
    gradients = torch.autograd.grad(loss_of(learner), trained_of(learner))
    assert all(bool(gradient.any()) for gradient in gradients)
    expected = float(sum((gradient * gradient).sum() for gradient in gradients))
    assert slope(learner, loss_of, gradients, expected) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("name", ["bert", "gpt2", "t5-gated"])
def test_the_gradient_of_shared_tokens_is_the_sum_over_labels(name):
    """Where each label's own tokens are the same."""
    _, _, shared = begun(name, shared=True, method="prompt-tuning")
    _, _, own = begun(name, shared=False, method="prompt-tuning")
    own.encoders = [copy.deepcopy(shared.encoders[0]) for _ in own.encoders]
    (whole,) = torch.autograd.grad(loss_of(shared), list(shared.encoders[0].parameters()))
    each = torch.autograd.grad(loss_of(own), [p for e in own.encoders for p in e.parameters()])
    assert bool(whole.any())
    assert not torch.allclose(each[0], each[1])
    torch.testing.assert_close(sum(each), whole, atol=1e-6, rtol=1e-3)


def test_shared_tokens_have_one_encoder_and_separate_ones_one_a_label():
    _, _, shared = begun("bert", True)
    _, _, own = begun("bert", False)
    assert (len(shared.groups()), len(own.groups())) == (1, 2)
    assert (shared.soft_vectors().groups, own.soft_vectors().groups) == ((2,), (2, 2))
    first, second = own.soft_vectors().split(2)
    assert first != second


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"template": "{text} Is it {label}? {mask}", "method": "prefix-tuning"}, "cannot be trained with"),
        ({"template": "{text} Is it {label}? {mask}", "strategy": "fixed-prompt"}, "cannot be trained with"),
        ({"template": TEMPLATE, "strategy": "prompt+lm"}, "cannot be trained with"),
        ({"template": TEMPLATE, "answers": ("good", "good")}, "two different answers"),
        ({"separate": True}, "Give one with {label}"),
        ({"answers": ("good", "bad")}, "Give one with {label}"),
        ({"template": TEMPLATE, "answers": ("good",)}, "two answers are needed"),
        ({"template": TEMPLATE, "answers": ("Good", "good")}, "are the same tokens"),
        ({"template": "Is it {label}? {soft*2} {mask}"}, "reads no field"),
        ({"template": TEMPLATE, "words": "negative=bad;positive=bad,good"}, "would be asked about alike"),
        (
            {"template": "{soft*2} {text} {label} {mask}", "separate": True, "export_peft": "x"},
            "several prompts",
        ),
    ],
)
def test_what_cannot_be_asked_so_is_refused(options, said, plms: dict[str, str], data: Path, tmp_path: Path):
    with pytest.raises((TemplateError, OptionError, VerbalizerError)) as refused:
        tuned(plms["bert"], data, tmp_path / "run", **options)
    assert said in str(refused.value)


def test_the_report_lists_the_tokens_of_each_label(plms: dict[str, str], data: Path, tmp_path: Path):
    options = {"template": TEMPLATE, "answers": ("good", "bad"), "separate": True}
    found = tuned(plms["bert"], data, tmp_path / "run", **options)
    assert found.numbers == 4 * 32
    page = (tmp_path / "run" / "report.md").read_text("utf-8")
    assert "| negative: 1 |" in page
    assert "| positive: 2 |" in page
    assert "asked label by label" in page


def test_a_training_of_an_older_version_can_be_gone_on_with():
    """Its record does not speak of questions."""
    record = training_record(config(PLAIN))
    assert not {"separate", "answers"} & record.keys()
    asked = training_record(config(TEMPLATE, separate=True))
    assert (asked["separate"], asked["answers"]) == (True, ["yes", "no"])
    older = {
        name: value for name, value in saved(config(PLAIN)).items() if name not in ("separate", "answers")
    }
    assert restored(older) == restored(saved(config(PLAIN)))


def test_without_labels_words_of_several_tokens_are_only_scored_on_test(
    plms: dict[str, str], data: Path, tmp_path: Path
):
    options = {"template": "{text} It was {mask}", "strategy": "tuning-free", "shots": 0}
    found = tuned(
        plms["bert"], data, tmp_path / "run", words="negative=very bad;positive=very good", **options
    )
    assert found.tuned.dev is None
    assert found.tuned.test.n == len(found.task.test)


def test_the_prompt_tells_the_time_it_had(plms: dict[str, str], data: Path, tmp_path: Path):
    found = tuned(plms["bert"], data, tmp_path / "run", minutes=5)
    assert found.prompt.document.provenance.budget.seconds == 300


def test_soft_tokens_that_go_on_with_a_labels_word_are_refused_where_they_differ():
    """Behind the token for "wonderful" there are three of them on this tokenizer, behind others two."""
    asked = config("{text} {label}{soft:ly} {mask}", answers=("good", "bad"))
    words = Verbalizer.of({"negative": "bad", "positive": "wonderful"}, ("negative", "positive"))
    decomposition = Decomposition("good", "bad")
    found = replace(subject("t5-gated", asked), words=words, decomposition=decomposition)
    with pytest.raises(TemplateError, match="not as many in the questions"):
        tuner_for(found, asked)
