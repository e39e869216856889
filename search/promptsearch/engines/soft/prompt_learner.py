"""A prompt as something to train: its vectors, weights of the PLM that reads it, or both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

from promptsearch.engines.soft.encoders import SoftEncoder
from promptsearch.engines.soft.learner import ParameterGroup
from promptsearch.objective import LabelObjective
from promptsearch.plms.free import FreeReader
from promptsearch.soft import SoftVectors

T = TypeVar("T")


class PromptLearner:
    """Log-probabilities of labels under one template, whatever of it is trained.

    Args:
        reader: of the examples' prompts, whose rows are known by number.
        objective: log-probabilities of labels.
        groups: what is trained; nothing else gets a gradient.
        vectors: those of the template's free places, (m, d), made anew for each part of a batch.
        encoder: what is trained of the prompt, whose outcome is kept.
        model: has dropout to switch on for a step, where its weights are trained.
    """

    def __init__(
        self,
        reader: FreeReader,
        objective: LabelObjective,
        groups: Sequence[ParameterGroup],
        vectors: Callable[[], Tensor],
        encoder: SoftEncoder | None = None,
        model: nn.Module | None = None,
    ) -> None:
        self.reader, self.objective, self.vectors = reader, objective, vectors
        self.encoder, self.model = encoder, model
        self._groups = list(groups)

    @classmethod
    def soft(
        cls, reader: FreeReader, objective: LabelObjective, encoder: SoftEncoder, rate: float
    ) -> PromptLearner:
        """Fixed-LM prompt tuning: soft tokens alone, which the encoder gives."""
        return cls(reader, objective, [encoder.group("soft", rate)], encoder, encoder)

    def groups(self) -> Sequence[ParameterGroup]:
        return self._groups

    def over_batches(
        self, rows: Sequence[int], work: Callable[[list[int]], T]
    ) -> Sequence[tuple[list[int], T]]:
        return self.reader.over_batches(rows, work)

    def log_probs(self, rows: Sequence[int]) -> Tensor:
        return self.objective.log_probs(self.reader.read_vectors(self.vectors(), rows))

    def training(self, mode: bool) -> None:
        if self.model is not None:
            self.model.train(mode)

    def soft_vectors(self) -> SoftVectors:
        """What is left of soft tokens once their encoder is folded away."""
        assert self.encoder is not None
        with torch.no_grad():
            return SoftVectors(self.encoder().cpu().numpy(), self.reader.prompts.groups)
