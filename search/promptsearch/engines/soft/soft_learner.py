"""Soft tokens of one template as something to train, with the PLM as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from promptsearch.engines.soft.encoders import SoftEncoder
from promptsearch.engines.soft.learner import ParameterGroup
from promptsearch.objective import LabelObjective
from promptsearch.plms.free import FreeReader
from promptsearch.soft import SoftVectors

T = TypeVar("T")


class SoftLearner:
    """Fixed-LM prompt tuning: only the encoder's parameters get a gradient.

    Args:
        reader: of the examples' prompts, whose rows are known by number.
        objective: log-probabilities of labels.
        encoder: gives the vectors.
        rate: learning rate.
    """

    def __init__(
        self, reader: FreeReader, objective: LabelObjective, encoder: SoftEncoder, rate: float
    ) -> None:
        self.reader, self.objective, self.encoder, self.rate = reader, objective, encoder, rate
        self._groups = [ParameterGroup("soft", dict(encoder.named_parameters()), rate)]

    def groups(self) -> Sequence[ParameterGroup]:
        return self._groups

    def over_batches(
        self, rows: Sequence[int], work: Callable[[list[int]], T]
    ) -> Sequence[tuple[list[int], T]]:
        return self.reader.over_batches(rows, work)

    def log_probs(self, rows: Sequence[int]) -> Tensor:
        return self.objective.log_probs(self.reader.read_vectors(self.encoder(), rows))

    def training(self, mode: bool) -> None:
        """The PLM and the encoders have no dropout to switch."""

    def vectors(self) -> SoftVectors:
        """What is left once the encoder is folded away."""
        with torch.no_grad():
            return SoftVectors(self.encoder().cpu().numpy(), self.reader.prompts.groups)
