"""What the training loop trains: anything with parameters that gives log-probabilities of labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

T = TypeVar("T")


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters that are trained at one rate.

    Attributes:
        name: for messages and for the file of the state.
        parameters: name -> parameter, in a fixed order.
        rate: peak learning rate.
        decay: weight decay; None for that of the training.
    """

    name: str
    parameters: Mapping[str, nn.Parameter]
    rate: float
    decay: float | None = None


class Learner(Protocol):
    """Reads examples, known by their row, with parameters that can be trained."""

    def groups(self) -> Sequence[ParameterGroup]:
        """Everything that is trained; nothing else changes."""
        ...

    def over_batches(
        self, rows: Sequence[int], work: Callable[[list[int]], T]
    ) -> Sequence[tuple[list[int], T]]:
        """`work` done on the rows in parts that fit into memory, and what came of each.

        A part that runs out of memory may be cut and done again.
        """
        ...

    def log_probs(self, rows: Sequence[int]) -> Tensor:
        """(r, L) log-probabilities of labels, normalised over labels; differentiable where asked for."""
        ...

    def training(self, mode: bool) -> None:
        """Switch dropout and the like on for a step, off for a look."""
        ...


def log_probs_of(learner: Learner, rows: Sequence[int]) -> NDArray[np.float32]:
    """What a learner says of examples: (n, L) log-probabilities of labels."""
    learner.training(False)
    found: dict[int, NDArray[np.float32]] = {}
    with torch.no_grad():
        for part, said in learner.over_batches(rows, lambda part: learner.log_probs(part).cpu().numpy()):
            found.update(zip(part, said))
    return np.stack([found[row] for row in rows])


def parameters_of(learner: Learner) -> dict[str, Tensor]:
    """Everything a learner trains, by `group.name`, detached; it changes with the learner."""
    return {
        f"{group.name}.{name}": parameter.detach()
        for group in learner.groups()
        for name, parameter in group.parameters.items()
    }


def load_parameters(learner: Learner, values: Mapping[str, Tensor]) -> None:
    """Put values back that `parameters_of` gave; raises KeyError where one is missing."""
    with torch.no_grad():
        for name, parameter in parameters_of(learner).items():
            parameter.copy_(values[name])
