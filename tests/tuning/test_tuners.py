"""What each strategy trains, and that the rest stays as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from promptsearch.engines.soft.checkpoint import Checkpoint
from promptsearch.engines.soft.course import Lesson
from promptsearch.engines.soft.learner import Learner, load_parameters, parameters_of
from promptsearch.engines.soft.prompt_learner import PromptLearner
from promptsearch.engines.soft.starting import seeded, train
from promptsearch.errors import DataError, OptionError, TemplateError
from promptsearch.plms.base import AnswerScoring
from promptsearch.plms.local import LocalPLM
from promptsearch.plms.lora import LoraOptions
from promptsearch.plms.prefixes import keys_and_values
from promptsearch.plms.tuned import tuned_plm
from promptsearch.readings import label_log_probs
from promptsearch.scoring import fit_none
from promptsearch.soft import SoftTemplate
from promptsearch.template import Template
from promptsearch.tuning.config import TuneConfig
from promptsearch.tuning.prefix_starts import prefix_start
from promptsearch.tuning.subject import Subject
from promptsearch.tuning.tuners import Stored, Tuner, log_probs_of, tuner_for
from tests.plms.zoo import adapter
from tests.tuning.small import WORDS, config, subject

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

SOFT, PLAIN = "{text} {soft*3} It was {mask}", "{text} It was {mask}"
KINDS: dict[str, dict[str, Any]] = {
    "p-tuning": {"template": SOFT},
    "p-tuning with an mlp": {"template": SOFT, "encoder": "mlp"},
    "prompt tuning": {"template": SOFT, "method": "prompt-tuning"},
    "prefix tuning": {"template": PLAIN, "method": "prefix-tuning", "tokens": 2},
    "p-tuning v2": {"template": PLAIN, "method": "p-tuning-v2", "tokens": 2},
    "lora": {"template": PLAIN, "strategy": "fixed-prompt", "lora": LoraOptions(rank=2)},
    "full": {"template": PLAIN, "strategy": "fixed-prompt", "lm": "full"},
    "prompt and lora": {"template": SOFT, "strategy": "prompt+lm", "lora": LoraOptions(rank=2)},
    "prompt and full": {"template": SOFT, "strategy": "prompt+lm", "lm": "full", "method": "prompt-tuning"},
}


def set_up(kind: str, name: str, **more: Any) -> tuple[Subject, TuneConfig, Tuner]:
    options = config(**{**KINDS[kind], **more})
    tuned = subject(name, options)
    return tuned, options, tuner_for(tuned, options)


def begun(tuner: Tuner, seed: int = 0) -> Learner:
    with seeded(seed):
        return tuner.make(0)


def moved(learner: Learner, size: float = 0.3) -> None:
    """Away from the start, where gradients of some parameters are nothing."""
    random = np.random.default_rng(3)
    values = parameters_of(learner)
    load_parameters(
        learner,
        {
            name: value + size * value.std(unbiased=False).clamp(min=0.1) * noise(value, random)
            for name, value in values.items()
        },
    )


def noise(like: Tensor, random: np.random.Generator) -> Tensor:
    return torch.from_numpy(random.normal(size=like.shape).astype(np.float32))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["bert", "gpt2"])
def test_gradients_are_slopes(kind: str, name: str) -> None:
    _, _, tuner = set_up(kind, name)
    learner = begun(tuner)
    moved(learner)
    learner.training(False)
    values = {key: value.clone() for key, value in parameters_of(learner).items()}
    parameters = [each for group in learner.groups() for each in group.parameters.values()]
    found = torch.autograd.grad(said(learner), parameters, allow_unused=True)
    gradients = {key: gradient for key, gradient in zip(values, found) if gradient is not None}
    for group in learner.groups():
        of_group = {key: each for key, each in gradients.items() if key.startswith(group.name)}
        length = torch.stack([each.square().sum() for each in of_group.values()]).sum().sqrt()
        assert length > 0.005

        def at(step: float, of_group: dict[str, Tensor] = of_group, length: Tensor = length) -> float:
            there = {key: values[key] + step * each / length for key, each in of_group.items()}
            load_parameters(learner, {**values, **there})
            return said(learner).item()

        slope = (at(1e-2) - at(-1e-2)) / 2e-2
        assert slope == pytest.approx(float(length), rel=0.03)
    # What has no gradient has no effect.
    before, random = at(0.0), np.random.default_rng(1)
    unused = {key: value + noise(value, random) for key, value in values.items() if key not in gradients}
    load_parameters(learner, {**values, **unused})
    assert said(learner).item() == before


def said(learner: Learner) -> Tensor:
    """What is said of some examples, in one number."""
    return learner.log_probs([0, 1, 2, 5])[:, 0].double().sum()


@pytest.mark.parametrize("kind", KINDS)
def test_batches_change_nothing(kind: str) -> None:
    for name in ("bert", "qwen"):
        _, _, tuner = set_up(kind, name)
        learner = begun(tuner)
        moved(learner, 0.1)
        learner.training(False)
        with torch.no_grad():
            together = learner.log_probs([0, 1, 2, 3, 4])
            alone = torch.cat([learner.log_probs([row]) for row in (0, 1, 2, 3, 4)])
        torch.testing.assert_close(together, alone, atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_training_says_more_of_train_and_changes_nothing_else(kind: str) -> None:
    tuned, options, tuner = set_up(kind, "bert", rate=0.1, lm_rate=0.01)
    model = tuned.plm.model
    before = {name: value.clone() for name, value in model.state_dict().items()}
    lesson = replace(tuned.lesson, held_out=())
    first = begun(tuner)
    with torch.no_grad():
        before_said = first.log_probs(lesson.train)[range(12), lesson.classes(lesson.train)].mean()
    trained = train(tuner.make, lesson, options.training, 0)
    trained.learner.training(False)
    with torch.no_grad():
        now = trained.learner.log_probs(lesson.train)[range(12), lesson.classes(lesson.train)].mean()
    assert now > before_said
    after = {name.replace(".base_layer", ""): value for name, value in model.state_dict().items()}
    same = {name: torch.equal(before[name], after[name]) for name in before}
    if options.trains_lm and options.lm == "full":
        assert not all(same.values())
    else:
        assert all(same.values())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["bert", "gpt2"])
def test_what_is_stored_reads_as_what_was_trained(kind: str, name: str, tmp_path: Path) -> None:
    tuned, _, tuner = set_up(kind, name)
    learner = begun(tuner)
    moved(learner, 0.1)
    learner.training(False)
    rows = range(len(tuned.examples))
    with torch.no_grad():
        expected = learner.log_probs(rows).numpy()
    stored = tuner.store(learner, tmp_path / "stored")
    found = _read(stored, tuned, name, tmp_path / "stored")
    np.testing.assert_allclose(found, expected, atol=2e-4)
    assert stored.numbers == _numbers(stored, tmp_path / "stored")


def _read(stored: Stored, tuned: Subject, name: str, folder: Path) -> np.ndarray:
    """Label log-probabilities by what is stored alone."""
    plm = subject(name, config(PLAIN, strategy="fixed-prompt")).plm
    if stored.kind in ("lora", "prefix"):
        plm = tuned_plm(plm, stored.kind, folder, "a" * 64)
    elif stored.kind == "full":
        plm = _whole(plm, folder)
    template = tuned.template if stored.soft is None else SoftTemplate.of(tuned.template, stored.soft)
    return label_log_probs(plm, template, WORDS, fit_none(), AnswerScoring(), tuned.examples)


def _whole(plm: LocalPLM, folder: Path) -> LocalPLM:
    model = type(plm.model).from_pretrained(folder).eval()
    return type(plm)(model, plm.encoder, plm.identity, plm.budget)


def _numbers(stored: Stored, folder: Path) -> int:
    from safetensors.torch import load_file

    soft = 0 if stored.soft is None else stored.soft.array.size
    files = [] if stored.kind is None else folder.glob("*.safetensors")
    return soft + sum(tensor.numel() for file in files for tensor in load_file(file).values())


@pytest.mark.parametrize("kind", ["prefix tuning", "lora", "prompt and full"])
def test_training_that_was_stopped_ends_with_the_same_bits(kind: str, tmp_path: Path) -> None:
    def run(path: Path, until: int | None = None) -> dict[str, Tensor]:
        tuned, options, tuner = set_up(kind, "bert", seed=4)
        checkpoint = Checkpoint(path, {"kind": kind})
        trained = train(
            tuner.make, tuned.lesson, options.training, 4, checkpoint=checkpoint, stop=_after(until)
        )
        return {name: value.clone() for name, value in parameters_of(trained.learner).items()}

    straight = run(tmp_path / "straight")
    run(tmp_path / "stopped", until=7)
    gone_on = run(tmp_path / "stopped")
    assert all(torch.equal(straight[name], gone_on[name]) for name in straight)


def _after(steps: int | None) -> Any:
    """A stop after so many steps."""
    asked = iter(range(10_000))
    return lambda: steps is not None and next(asked) >= steps


@pytest.mark.parametrize("kind", ["lora", "full"])
def test_another_start_begins_from_the_pretrained_weights(kind: str) -> None:
    tuned, options, tuner = set_up(kind, "bert", restarts=2)
    first = begun(tuner)
    expected = {name: value.clone() for name, value in parameters_of(first).items()}
    train(tuner.make, tuned.lesson, options.training, 0)
    again = parameters_of(begun(tuner))
    assert all(torch.equal(expected[name], again[name]) for name in expected)


def test_another_start_of_a_prompt_knows_nothing_of_how_embeddings_were_trained() -> None:
    options: dict[str, Any] = {"restarts": 2, "start": "labels", "rate": 0.1, "lm_rate": 0.01}
    tuned, asked, tuner = set_up("prompt and full", "bert", **options)
    train(tuner.make, seen_again(tuned), asked.training.single, 0)
    _, _, other = set_up("prompt and full", "bert", **options)
    for restart in (1, 0):
        assert torch.equal(vectors_of(tuner, restart), vectors_of(other, restart))


def seen_again(tuned: Subject) -> Lesson:
    """A lesson whose looks get better: at what is trained on."""
    return replace(tuned.lesson, held_out=tuned.lesson.train)


def vectors_of(tuner: Tuner, restart: int) -> Tensor:
    learner = tuner.make(restart)
    assert isinstance(learner, PromptLearner)
    return learner.vectors().detach()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_says_what_was_said_at_the_best_look(kind: str) -> None:
    tuned, options, tuner = set_up(kind, "bert", rate=0.1, lm_rate=0.01)
    lesson = seen_again(tuned)
    found = train(tuner.make, lesson, options.training, 0)
    rows, learner = lesson.held_out, found.learner
    assert found.look is not None
    assert found.look.step > 0
    said_now = log_probs_of(learner, rows)[range(len(rows)), lesson.classes(rows)].mean()
    assert said_now == pytest.approx(found.look.log_likelihood, abs=1e-5)


def test_the_prompt_and_the_plm_have_rates_of_their_own() -> None:
    _, _, tuner = set_up("prompt and lora", "bert", rate=0.05, lm_rate=0.002)
    assert [(group.name, group.rate) for group in begun(tuner).groups()] == [("soft", 0.05), ("lm", 0.002)]


def test_soft_tokens_in_front_lose_as_much_as_in_peft() -> None:
    from peft import PromptTuningConfig, get_peft_model

    tuned, _, tuner = set_up("prompt tuning", "gpt2", template="{soft*4} {text} It was {mask}")
    learner = begun(tuner)
    rows = list(tuned.lesson.train)
    classes = tuned.lesson.classes(rows)
    with torch.no_grad():
        own = -learner.log_probs(rows)[range(len(rows)), classes].mean()
    plm = subject("gpt2", config(PLAIN, strategy="fixed-prompt")).plm
    model = get_peft_model(plm.model, PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=4))
    with torch.no_grad():
        model.prompt_encoder["default"].embedding.weight.copy_(learner.vectors())
        losses = []
        words = [ids[0] for ids in plm.word_ids(tuned.template, ["bad", "good"])]
        prompts = plm.encoder.encode(
            Template.parse(" {text} It was {mask}"), tuned.task.train, read_right=False
        )
        for ids, label in zip(prompts.left, classes):
            logits = model(input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids))).logits
            losses.append(-logits[0, -1, words].log_softmax(dim=-1)[label])
    assert float(own) == pytest.approx(float(torch.stack(losses).mean()), abs=1e-4)


def test_a_prefix_starts_as_words_in_front_of_the_prompt() -> None:
    plm = adapter("gpt2")
    vectors = prefix_start(plm, 3, "vocabulary", (0, 0))
    assert torch.equal(vectors, prefix_start(plm, 3, "vocabulary", (0, 0)))
    assert not torch.equal(vectors, prefix_start(plm, 3, "vocabulary", (0, 1)))
    one_word = {tuple(prefix_start(plm, 1, "vocabulary", (0, seed))[0].tolist()) for seed in range(5)}
    from promptsearch.engines.soft.starts import frequent_tokens
    from promptsearch.plms.prefixed import prefix_shape_of

    of_words = [
        tuple(prefix_shape_of(plm).vectors(keys_and_values(plm.model, torch.tensor([[token]])))[0].tolist())
        for token in frequent_tokens(plm)
    ]
    assert one_word <= set(of_words)


def test_more_virtual_tokens_than_the_context_holds_are_refused() -> None:
    with pytest.raises(TemplateError, match="300 virtual tokens leave no room in the context of 256"):
        set_up("prefix tuning", "gpt2", tokens=300)
    with pytest.raises(TemplateError, match="context"):
        set_up("p-tuning", "gpt2", template="{text} {soft*300} {mask}")


def test_fewer_examples_than_classes_are_refused() -> None:
    tuned = subject("bert", config(PLAIN, strategy="fixed-prompt"))
    task = replace(tuned.task, splits={**tuned.task.splits, "train": tuned.task.train[:1]}, _fingerprints={})
    with pytest.raises(DataError, match="1 examples to train on, and 2 labels"):
        replace(tuned, task=task).lesson  # noqa: B018


def test_lora_modules_that_are_not_there_are_refused_before_anything_is_trained() -> None:
    with pytest.raises(OptionError, match="no linear module 'q_proj'"):
        set_up("lora", "bert", lora=LoraOptions(targets=("q_proj",)))
