"""Ways to learn soft tokens with the PLM as it is, each as a function of the seconds that it gets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from promptsearch.bench.soft_job import SoftJob, SoftPass

if TYPE_CHECKING:
    from torch import Tensor

Run = Callable[[float], SoftPass]
# More than fit into any time: each contender ends by the clock.
_STEPS = 1_000_000


@dataclass(frozen=True)
class Own:
    """promptsearch as the engine `soft` trains, with free vectors (prompt tuning).

    Attributes:
        front: whether the soft tokens stand before everything else, as with peft.
    """

    front: bool = False

    def start(self, job: SoftJob) -> Run:
        """Load the PLM and warm up."""
        import torch

        from promptsearch.engines.soft.config import SoftConfig, TrainingConfig
        from promptsearch.engines.soft.course import Course
        from promptsearch.engines.soft.encoders import make_encoder
        from promptsearch.engines.soft.problem import SoftProblem
        from promptsearch.engines.soft.prompt_learner import PromptLearner
        from promptsearch.engines.soft.training import Trainer
        from promptsearch.plms import load_plm
        from promptsearch.plms.local import LocalPLM
        from promptsearch.template import Template

        plm = load_plm(job.plm, device="cpu", dtype=job.dtype, cache=False, offline=True)
        assert isinstance(plm, LocalPLM)
        template = Template.parse(job.front if self.front else job.within)
        training = TrainingConfig(steps=_STEPS, batch=job.batch, warm_up=0.0, save_every=_STEPS)
        config = SoftConfig(parameterisation="free", training=training)

        def train(seconds: float) -> SoftPass:
            begun = time.perf_counter()
            problem = SoftProblem(plm, template, job.verbalizer(), job.labelled, config, job.seed)
            encoder = make_encoder("free", torch.tensor(job.start), problem.scale)
            learner = PromptLearner.soft(problem.reader, problem.objective, encoder, job.rate)
            course = Course(0)
            lesson = problem.lesson(range(len(job.examples)))
            trainer = Trainer(learner, lesson, training, (job.seed,), course)
            trainer.run(stop=lambda: course.step > 0 and time.perf_counter() - begun >= seconds)
            return SoftPass(course.step, time.perf_counter() - begun, course.losses[0])

        train(0.0)
        return train


@dataclass(frozen=True)
class Peft:
    """Prompt tuning by peft in a plain loop.

    Attributes:
        answers_only: whether logits are computed for positions at which some prompt is answered, an argument
            of causal models of transformers, rather than for all.
    """

    answers_only: bool = False

    def start(self, job: SoftJob) -> Run:
        """Load the PLM and warm up."""
        import torch

        from promptsearch.engines.soft.batches import BalancedBatches

        batches = BalancedBatches(range(len(job.ids)), job.labels, job.batch, (job.seed,))
        model = _peft_model(job)
        (vectors,) = [each for each in model.parameters() if each.requires_grad]
        begins = torch.tensor(job.start)

        def train(seconds: float) -> SoftPass:
            with torch.no_grad():
                vectors.copy_(begins)
            optimizer = torch.optim.AdamW([vectors], lr=job.rate * job.unit, weight_decay=0.0)
            begun, losses = time.perf_counter(), list[float]()
            while not losses or time.perf_counter() - begun < seconds:
                optimizer.zero_grad()
                loss = _loss(model, job, batches.of(len(losses)), self.answers_only)
                loss.backward()
                torch.nn.utils.clip_grad_norm_([vectors], 1.0)
                optimizer.step()
                losses.append(loss.item())
            return SoftPass(len(losses), time.perf_counter() - begun, losses[0])

        train(0.0)
        return train


def _peft_model(job: SoftJob) -> Any:
    """The PLM with virtual tokens before each prompt, without dropout as promptsearch has none.

    peft has no type of task for prompts of masked language models. Under that for features it passes whatever
    the model gives on, here the logits of its head.
    """
    import peft
    import transformers

    causal = job.family == "causal"
    auto: Any = transformers.AutoModelForCausalLM if causal else transformers.AutoModelForMaskedLM
    model = auto.from_pretrained(job.folder, dtype=job.dtype)
    kind = peft.TaskType.CAUSAL_LM if causal else peft.TaskType.FEATURE_EXTRACTION
    config = peft.PromptTuningConfig(task_type=kind, num_virtual_tokens=job.soft_tokens)
    return peft.get_peft_model(model, config).eval()


def _loss(model: Any, job: SoftJob, rows: Sequence[int], answers_only: bool) -> Tensor:
    """Mean negative log-probability of the right label among the labels."""
    import torch

    longest = max(len(job.ids[row]) for row in rows)
    ids = torch.tensor([[*job.ids[row], *[0] * (longest - len(job.ids[row]))] for row in rows])
    seen = torch.tensor([[1] * len(job.ids[row]) + [0] * (longest - len(job.ids[row])) for row in rows])
    at = [job.soft_tokens + job.answer[row] for row in rows]
    inputs: dict[str, Any] = {"input_ids": ids, "attention_mask": seen}
    if job.family == "causal":
        inputs["use_cache"] = False
    if answers_only:
        kept = sorted(set(at))
        inputs["logits_to_keep"] = torch.tensor(kept)
        at = [kept.index(position) for position in at]
    logits = model(**inputs).logits[torch.arange(len(rows)), torch.tensor(at)]
    log_probs = logits[:, torch.tensor(job.tokens)].float().log_softmax(dim=-1)
    return -log_probs[torch.arange(len(rows)), torch.tensor([job.labels[row] for row in rows])].mean()


OURS, IN_FRONT, PEFT, PEFT_ANSWERS = "ours", "ours-in-front", "peft", "peft-answers"
CONTENDERS: Mapping[str, Callable[[SoftJob], Run]] = MappingProxyType(
    {
        OURS: Own().start,
        IN_FRONT: Own(front=True).start,
        PEFT: Peft().start,
        PEFT_ANSWERS: Peft(answers_only=True).start,
    }
)


def of_family(family: str) -> Iterator[str]:
    """Contenders on a PLM of that family, promptsearch as a user gets it first."""
    yield from (OURS, IN_FRONT, PEFT)
    if family == "causal":
        yield PEFT_ANSWERS
