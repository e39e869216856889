"""A learner without a PLM: softmax regression on points of the plane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from promptsearch.engines.soft.course import Lesson
from promptsearch.engines.soft.learner import ParameterGroup

T = TypeVar("T")


class Regression:
    """Log-probabilities of labels from points; parts of at most `part` rows, with or without dropout."""

    def __init__(self, points: Tensor, n_labels: int, part: int = 3, dropout: float = 0.0, rate: float = 0.1):
        self.points, self.part, self.rate = points, part, rate
        self.layer = nn.Linear(points.shape[1], n_labels)
        self.dropout = nn.Dropout(dropout)
        self._groups = [
            ParameterGroup("weights", {"weight": self.layer.weight}, rate),
            ParameterGroup("bias", {"bias": self.layer.bias}, rate / 10, decay=0.5),
        ]

    def groups(self) -> Sequence[ParameterGroup]:
        return self._groups

    def over_batches(self, rows: Sequence[int], work: Callable[[list[int]], T]) -> list[tuple[list[int], T]]:
        parts = [list(rows[start : start + self.part]) for start in range(0, len(rows), self.part)]
        return [(part, work(part)) for part in parts]

    def log_probs(self, rows: Sequence[int]) -> Tensor:
        return self.layer(self.dropout(self.points[list(rows)])).log_softmax(dim=-1)

    def training(self, mode: bool) -> None:
        self.dropout.train(mode)


def points(n: int = 30, n_labels: int = 3) -> tuple[Tensor, Lesson]:
    """Points around the corner of their class, nine of them held out."""
    random = np.random.default_rng(0)
    labels = np.arange(n) % n_labels
    corners = np.array([[4, 0], [-2, 3], [-2, -3]])[:n_labels]
    found = corners[labels] + random.normal(size=(n, 2))
    rows = range(n)
    targets = np.eye(n_labels, dtype=np.float32)[labels]
    lesson = Lesson(targets, tuple(i for i in rows if i % 9 < 6), tuple(i for i in rows if i % 9 >= 6))
    return torch.from_numpy(found.astype(np.float32)), lesson
