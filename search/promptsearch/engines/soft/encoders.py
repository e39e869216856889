"""How soft tokens are parameterised while they are learned.

Each gives vectors (m, d) as `start + scale · f`, where f is 0 before training and scale is the spread of the
PLM's embeddings: so any of them starts at the vectors it is given, and learning rates know no units. In
P-tuning (Liu et al. 2021, section 3.2) f is an MLP over a bidirectional LSTM and the vectors are f itself,
which leaves no way to start from words. Only the vectors are kept: the network is folded away.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from promptsearch.engines.soft.config import Parameterisation
from promptsearch.engines.soft.learner import ParameterGroup

MOST_WIDTH = 512
# On SST-2 with 16 examples a class (minilm-mlm, one draw, 50 steps, 500 test texts), rates three times
# lower or higher gave 0 to 4 points of accuracy less.
RATES: dict[Parameterisation, float] = {"lstm": 1e-3, "mlp": 1e-3, "free": 0.1}
RATES_FROM_WORDS: dict[Parameterisation, float] = {"lstm": 2e-4, "mlp": 2e-4, "free": 0.02}
"""Where soft tokens start from words of the template: a prompt that is good is soon forgotten at more."""


class SoftEncoder(nn.Module, ABC):
    """m vectors of d numbers.

    Args:
        start: (m, d) vectors before training.
        scale: unit of the change.
    """

    start: Tensor

    def __init__(self, start: Tensor, scale: float) -> None:
        super().__init__()
        self.register_buffer("start", start.detach().float().clone())
        self.scale = scale

    @abstractmethod
    def change(self) -> Tensor:
        """f, (m, d)."""

    def forward(self) -> Tensor:
        """The vectors, (m, d) float32."""
        return self.start + self.scale * self.change()

    def group(self, name: str, rate: float) -> ParameterGroup:
        """What is trained of it, at a peak learning rate."""
        return ParameterGroup(name, dict(self.named_parameters()), rate)


class FreeEncoder(SoftEncoder):
    """Every number for itself (prompt tuning, Lester et al. 2021)."""

    def __init__(self, start: Tensor, scale: float) -> None:
        super().__init__(start, scale)
        self.offset = nn.Parameter(torch.zeros_like(self.start))

    def change(self) -> Tensor:
        return self.offset


class NetworkEncoder(SoftEncoder):
    """An MLP over one learned vector a token, with a bidirectional LSTM along the tokens between or without.

    Args:
        width: of the learned vectors and of the layers; even where there is an LSTM.
    """

    def __init__(self, start: Tensor, scale: float, width: int, recurrent: bool) -> None:
        super().__init__(start, scale)
        tokens, out = start.shape
        self.inputs = nn.Parameter(torch.randn(tokens, width))
        self.lstm = (
            nn.LSTM(width, width // 2, num_layers=2, bidirectional=True, batch_first=True)
            if recurrent
            else None
        )
        self.mlp = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, out))
        last = self.mlp[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def change(self) -> Tensor:
        hidden = self.inputs if self.lstm is None else self.lstm(self.inputs[None])[0][0]
        return self.mlp(hidden)


def make_encoder(
    kind: Parameterisation, start: Tensor, scale: float, width: int | None = None
) -> SoftEncoder:
    """An encoder on the device of `start`; its weights are drawn from torch's generator.

    Args:
        width: hidden width; None for that of the vectors, at most `MOST_WIDTH`.
    """
    if kind == "free":
        return FreeEncoder(start, scale)
    hidden = min(start.shape[1], MOST_WIDTH) if width is None else width
    # Drawn on the CPU, so that a seed means the same on every device.
    encoder = NetworkEncoder(start.cpu(), scale, hidden + hidden % 2, kind == "lstm")
    return encoder.to(start.device)
