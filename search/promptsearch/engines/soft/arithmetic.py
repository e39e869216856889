"""In which number format a step computes: as the PLM is, or mixed, through accelerate."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from promptsearch.engines.soft.config import Mixed
from promptsearch.errors import OptionError


class Arithmetic(Protocol):
    """What a step does beside the learner's own forward pass."""

    def forward(self) -> AbstractContextManager[Any]:
        """Within, forward passes are computed."""
        ...

    def gradients(self, loss: Tensor, parameters: Sequence[nn.Parameter]) -> Sequence[Tensor | None]:
        """The gradient of a part of the batch, or a multiple of it that `update` knows of."""
        ...

    def update(self, groups: Sequence[Sequence[nn.Parameter]], clip: float) -> float:
        """Clip each group's gradient, take a step, and return the largest norm before clipping."""
        ...

    def state(self) -> dict[str, Tensor]:
        """What a saved run needs beside the optimizer."""
        ...

    def load(self, state: dict[str, Tensor]) -> None:
        """Put it back."""
        ...


class OwnFormat:
    """Everything in the format of the weights."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.optimizer = optimizer

    def forward(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def gradients(self, loss: Tensor, parameters: Sequence[nn.Parameter]) -> Sequence[Tensor | None]:
        return torch.autograd.grad(loss, parameters, allow_unused=True)

    def update(self, groups: Sequence[Sequence[nn.Parameter]], clip: float) -> float:
        norms = [float(clip_grad_norm_(parameters, clip)) for parameters in groups]
        self.optimizer.step()
        return max(norms)

    def state(self) -> dict[str, Tensor]:
        return {}

    def load(self, state: dict[str, Tensor]) -> None:
        pass


class MixedFormat:
    """Products in a 16-bit format, with the loss scaled where that needs it (accelerate)."""

    def __init__(self, optimizer: torch.optim.Optimizer, mixed: Mixed, device: torch.device) -> None:
        try:
            from accelerate import Accelerator
        except ImportError:
            raise OptionError(
                "mixed precision needs accelerate, which is not installed",
                hint="Install it with `pip install accelerate`, or leave --mixed out.",
            ) from None
        try:
            self.accelerator = Accelerator(mixed_precision=mixed, cpu=device.type == "cpu")
        except ValueError as error:
            # Not on this device, or another format was chosen before: accelerate has one for a process.
            raise OptionError(f"mixed precision in {mixed} cannot be had: {error}") from error
        self.optimizer: Any = self.accelerator.prepare_optimizer(optimizer, device_placement=False)

    def forward(self) -> AbstractContextManager[Any]:
        return self.accelerator.autocast()

    def gradients(self, loss: Tensor, parameters: Sequence[nn.Parameter]) -> Sequence[Tensor | None]:
        scaler = self.accelerator.scaler
        scaled = loss if scaler is None else scaler.scale(loss)
        return torch.autograd.grad(scaled, parameters, allow_unused=True)

    def update(self, groups: Sequence[Sequence[nn.Parameter]], clip: float) -> float:
        norms = [float(self.accelerator.clip_grad_norm_(parameters, clip)) for parameters in groups]
        self.optimizer.step()
        # A scaled loss may overflow now and then: the step is left out and the scale halved.
        return 0.0 if self.accelerator.scaler is not None else max(norms)

    def state(self) -> dict[str, Tensor]:
        scaler = self.accelerator.scaler
        if scaler is None:
            return {}
        return {name: torch.tensor(float(value)) for name, value in scaler.state_dict().items()}

    def load(self, state: dict[str, Tensor]) -> None:
        scaler = self.accelerator.scaler
        if scaler is not None:
            known = scaler.state_dict()
            scaler.load_state_dict({name: type(known[name])(state[name].item()) for name in known})


def arithmetic(mixed: Mixed, optimizer: torch.optim.Optimizer, device: torch.device) -> Arithmetic:
    """The arithmetic of that name.

    Raises:
        OptionError: this machine does not offer it.
    """
    return OwnFormat(optimizer) if mixed == "no" else MixedFormat(optimizer, mixed, device)
