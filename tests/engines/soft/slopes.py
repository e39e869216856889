"""How a loss changes along a direction, by differences alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from promptsearch.engines.soft.learner import Learner, parameters_of

L = TypeVar("L", bound=Learner)
Loss = Callable[[L], torch.Tensor]


def moved(learner: L) -> L:
    """The learner with all its parameters away from the start, where half of a network has no gradient."""
    with torch.no_grad():
        for parameter in parameters_of(learner).values():
            parameter += 0.3 * torch.randn(parameter.shape)
    return learner


def trained_of(learner: Learner) -> list[torch.nn.Parameter]:
    return [parameter for group in learner.groups() for parameter in group.parameters.values()]


def slope(learner: L, loss_of: Loss[L], direction: Sequence[torch.Tensor], expected: float) -> float:
    """The derivative of the loss along a direction, which is about what is expected."""
    # The loss moves by about 0.002: well above rounding, and near to linear.
    step = 0.002 / abs(expected)
    wide, narrow = (_central(learner, loss_of, direction, by) for by in (step, step / 2))
    # Richardson's extrapolation: what is left of the curve goes with the fourth power of the step.
    return (4 * narrow - wide) / 3


def _central(learner: L, loss_of: Loss[L], direction: Sequence[torch.Tensor], step: float) -> float:
    up, down = (_loss_at(learner, loss_of, direction, by) for by in (step, -step))
    return (up - down) / (2 * step)


def _loss_at(learner: L, loss_of: Loss[L], direction: Sequence[torch.Tensor], by: float) -> float:
    """The loss with the parameters moved, which then go back."""
    parameters = trained_of(learner)
    before = [parameter.detach().clone() for parameter in parameters]
    with torch.no_grad():
        for parameter, along in zip(parameters, direction):
            parameter += by * along
        loss = float(loss_of(learner))
        for parameter, value in zip(parameters, before):
            parameter.copy_(value)
    return loss
