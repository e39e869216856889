"""The training loop: steps on class-balanced batches, looks at what is held out, the best state kept.

What is trained is a `Learner`; the loss is between the lesson's targets and its label log-probabilities.
Looks go by the log-likelihood of the targets whatever the loss is: for known labels the mean of log p(label).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor

from promptsearch.engines.soft.arithmetic import arithmetic
from promptsearch.engines.soft.batches import BalancedBatches
from promptsearch.engines.soft.checkpoint import under, within
from promptsearch.engines.soft.config import TrainingConfig
from promptsearch.engines.soft.course import Course, Lesson, Look
from promptsearch.engines.soft.learner import Learner, load_parameters, parameters_of
from promptsearch.engines.soft.losses import losses
from promptsearch.errors import TrainingError

Ending = Literal["steps", "patience", "stopped"]
Report = Callable[[Look], None]


def rate_factor(step: int, steps: int, warm_up: float) -> float:
    """Share of the peak rate in a step counted from 0: linear warm-up, then linear to 0 after the last."""
    warm = math.ceil(warm_up * steps)
    return min(1.0, (step + 1) / (warm + 1)) * (1.0 - step / steps)


def _no_number(what: str, value: float, step: int) -> TrainingError:
    return TrainingError(
        f"the {what} is {value} at step {step}",
        hint="Lower the learning rate (--rate), or take --dtype float32.",
    )


class Trainer:
    """Trains a learner in place, from one start.

    Args:
        learner: as it is before the first step.
        seed: numbers that decide which examples a step sees.
        until: steps after which training ends, of the `config.steps` that the rates are laid out for.
        course: counters, kept up to date.
    """

    def __init__(
        self,
        learner: Learner,
        lesson: Lesson,
        config: TrainingConfig,
        seed: Sequence[int],
        course: Course,
        until: int | None = None,
    ) -> None:
        self.learner, self.lesson, self.config, self.course = learner, lesson, config, course
        self.until = config.steps if until is None else min(until, config.steps)
        self._batches = BalancedBatches(lesson.train, lesson.classes(lesson.train), config.batch, seed)
        self._groups = [list(group.parameters.values()) for group in learner.groups()]
        self._device = self._groups[0][0].device
        self._targets = torch.from_numpy(lesson.targets).to(self._device)
        self._optimizer = torch.optim.AdamW(
            [
                {
                    "params": list(group.parameters.values()),
                    "lr": group.rate,
                    "weight_decay": config.decay if group.decay is None else group.decay,
                }
                for group in learner.groups()
            ]
        )
        self._arithmetic = arithmetic(config.mixed, self._optimizer, self._device)
        self._best: dict[str, Tensor] = {}

    def run(
        self,
        stop: Callable[[], bool] = lambda: False,
        report: Report | None = None,
        save: Callable[[], None] = lambda: None,
    ) -> Ending:
        """Train until the steps are done, nothing gets better any more, or `stop` says so.

        Args:
            stop: asked after each step.
            report: told of each look.
            save: called every `save_every` steps, and when training was stopped.

        Raises:
            TrainingError: a loss or gradient is no number.
        """
        course, config = self.course, self.config
        if not course.looks:
            self._look(report)
        while course.step < self.until:
            if course.waited() >= config.patience:
                return "patience"
            if stop():
                save()
                if course.looks and course.looks[-1].step != course.step:
                    self._look(report)
                return "stopped"
            self._step()
            if course.step % config.look_every == 0 or course.step == self.until:
                self._look(report)
            if course.step % config.save_every == 0:
                save()
        return "steps"

    def best(self) -> dict[str, Tensor]:
        """Parameters at the best look, or the last where nothing is held out."""
        return self._best or parameters_of(self.learner)

    # Steps and looks -----------------------------------------------------------------------------

    def _step(self) -> None:
        start = time.perf_counter()
        factor = rate_factor(self.course.step, self.config.steps, self.config.warm_up)
        for settings, group in zip(self._optimizer.param_groups, self.learner.groups()):
            settings["lr"] = group.rate * factor
        self._optimizer.zero_grad(set_to_none=True)
        self.learner.training(True)
        loss = self._gradient(self._batches.of(self.course.step))
        norm = self._arithmetic.update(self._groups, self.config.clip) if math.isfinite(loss) else 0.0
        if not (math.isfinite(loss) and math.isfinite(norm)):
            what, value = ("loss", loss) if not math.isfinite(loss) else ("gradient", norm)
            raise _no_number(what, value, self.course.step + 1)
        self.course.step += 1
        self.course.losses.append(loss)
        self.course.seconds += time.perf_counter() - start

    def _gradient(self, rows: Sequence[int]) -> float:
        """Put the gradient of the mean loss over the rows into the parameters, and return that loss."""
        parameters = self._parameters()

        def add(part: list[int]) -> float:
            with self._arithmetic.forward():
                log_probs = self.learner.log_probs(part)
            loss = losses(self.config.loss, log_probs, self._targets[part]).sum() / len(rows)
            gradients = self._arithmetic.gradients(loss, parameters)
            # Last of all: a part that ran out of memory must not have been added.
            for parameter, gradient in zip(parameters, gradients):
                if gradient is not None:
                    parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)
            return loss.item()

        return sum(loss for _, loss in self.learner.over_batches(rows, add))

    def _look(self, report: Report | None) -> None:
        rows, course = self.lesson.held_out, self.course
        if not rows:
            return
        likelihood, correct = self._held_out(rows)
        if not math.isfinite(likelihood):
            raise _no_number("log-likelihood of what is held out", likelihood, course.step)
        losses = course.losses
        look = Look(
            restart=course.restart,
            step=course.step,
            loss=sum(losses) / len(losses) if losses else None,
            log_likelihood=likelihood,
            correct=correct,
            n=len(rows),
            seconds=course.seconds,
        )
        if course.add(look):
            self._best = {name: value.clone() for name, value in parameters_of(self.learner).items()}
        if report is not None:
            report(look)

    def _held_out(self, rows: Sequence[int]) -> tuple[float, int]:
        """Mean log-likelihood of the rows' targets, and how many are right."""

        def figures(part: list[int]) -> tuple[float, int]:
            targets, log_probs = self._targets[part], self.learner.log_probs(part)
            correct = log_probs.argmax(dim=1) == targets.argmax(dim=1)
            return float((targets * log_probs).sum()), int(correct.sum())

        self.learner.training(False)
        with torch.no_grad():
            found = [part for _, part in self.learner.over_batches(rows, figures)]
        return sum(likelihood for likelihood, _ in found) / len(rows), sum(correct for _, correct in found)

    # Saved and loaded ----------------------------------------------------------------------------

    def tensors(self) -> dict[str, Tensor]:
        """All that a run needs to go on beside the course: parameters, optimizer, torch's generators."""
        found = {**under("now", parameters_of(self.learner)), **under("best", self._best)}
        for i, parameter in enumerate(self._parameters()):
            found.update(under(f"optimizer/{i}", self._optimizer.state.get(parameter, {})))
        found["random/cpu"] = torch.get_rng_state()
        if self._device.type == "cuda":
            found["random/cuda"] = torch.cuda.get_rng_state(self._device)
        return {**found, **under("arithmetic", self._arithmetic.state())}

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Go on from `tensors`; raises KeyError where one is missing."""
        load_parameters(self.learner, within("now", tensors))
        self._best = {name: value.to(self._device) for name, value in within("best", tensors).items()}
        for i, parameter in enumerate(self._parameters()):
            state = within(f"optimizer/{i}", tensors)
            # AdamW counts its steps on the CPU.
            self._optimizer.state[parameter] = {
                name: value if name == "step" else value.to(parameter.device) for name, value in state.items()
            }
        torch.set_rng_state(tensors["random/cpu"])
        if self._device.type == "cuda":
            torch.cuda.set_rng_state(tensors["random/cuda"], self._device)
        self._arithmetic.load(within("arithmetic", tensors))

    def _parameters(self) -> list[torch.nn.Parameter]:
        return [parameter for group in self._groups for parameter in group]
