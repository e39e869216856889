"""What falls as a trigger gets better: costs of examples, which add up.

From label scores s (differences between labels mean something) and the gold label y of each example:

- `likelihood`: -log p(y), with p the softmax of s over the labels (AutoPrompt, Shin et al. 2020, equation 2,
  normalised over labels as scoring does it);
- `margin`: max(0, 1 + max of the other labels' s - s(y)), in nats (Crammer and Singer 2001);
- `mellowmax`: the log of the mean of exp(-log p(y)), a soft maximum over examples (Asadi and Littman 2017),
  which minds the worst examples most.

The loss is the weighted mean of the costs, for `mellowmax` its logarithm. Balanced, every class has the same
weight in it.

Calibrated, the mean distribution over the examples is divided out first (batch calibration, Zhou et al.
2024), as it will be when the prompt is used: then a trigger is not paid for moving all examples alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from promptsearch.engines.trigger.config import Objective

FloatArray = NDArray[np.float64]

# Losses are compared on a grid of this width, so that rounding errors, which depend on what is read
# together, do not decide: nearer ones are equal, and the token ids decide.
GRID = 1e-4


@dataclass(frozen=True)
class Costs:
    """How label scores become costs.

    Attributes:
        gold: (n,) labels of the examples.
        weights: (n,) of the examples, with mean 1.
    """

    objective: Objective
    gold: Tensor
    weights: Tensor
    calibrated: bool = False

    @classmethod
    def of(cls, objective: Objective, gold: NDArray[np.int64], balanced: bool, calibrated: bool) -> Costs:
        """Costs on examples of these labels."""
        weights = np.ones(len(gold))
        if balanced:
            classes, members, counts = np.unique(gold, return_inverse=True, return_counts=True)
            weights = len(gold) / (len(classes) * counts[members])
        return cls(objective, torch.from_numpy(gold.copy()), torch.from_numpy(weights), calibrated)

    def on(self, rows: Sequence[int]) -> Costs:
        """Costs on some of the examples, in which each class weighs as much as it does in all of them.

        Those that are drawn by class do not have the classes' shares.
        """
        gold = self.gold[list(rows)]
        shares = torch.bincount(self.gold, self.weights) / self.weights.sum()
        counts = torch.bincount(gold, minlength=len(shares))
        weights = (shares / counts)[gold]
        return replace(self, gold=gold, weights=weights * (len(gold) / weights.sum()))

    def of_examples(self, scores: Tensor, rows: slice | list[int] = slice(None)) -> Tensor:
        """Weighted costs (..., r) of label scores (..., r, L) of some examples; differentiable.

        The weights are those that the examples have among all. Calibrated, costs are those on these examples
        alone, so that they change as more come in.
        """
        gold, weights = self.gold[rows].to(scores.device), self.weights[rows].to(scores.device, scores.dtype)
        log_probs = self._log_probs(scores, weights)
        right = gold.expand(log_probs.shape[:-1])[..., None]
        of_gold = log_probs.gather(-1, right)[..., 0]
        if self.objective == "likelihood":
            return -of_gold * weights
        if self.objective == "mellowmax":
            return (-of_gold).exp() * weights
        others = log_probs.scatter(-1, right, -torch.inf).amax(dim=-1)
        return (1 + others - of_gold).clamp(min=0) * weights

    def _log_probs(self, scores: Tensor, weights: Tensor) -> Tensor:
        log_probs = scores.log_softmax(dim=-1)
        if not self.calibrated:
            return log_probs
        shares = (weights / weights.sum()).log()[:, None]
        return (log_probs - (log_probs + shares).logsumexp(dim=-2, keepdim=True)).log_softmax(dim=-1)

    def loss(self, costs: Tensor) -> Tensor:
        """(..., n) costs -> (...) losses."""
        mean = costs.mean(dim=-1)
        return mean.log() if self.objective == "mellowmax" else mean

    def nat(self, costs: Tensor) -> float:
        """How far the mean of costs (n,) must rise for the loss to rise by a nat, to first order."""
        return float(costs.mean()) if self.objective == "mellowmax" else 1.0

    def gradient(self, scores: Tensor) -> Tensor:
        """(n, L), the derivative of the loss by label scores (n, L)."""
        leaf = scores.detach().double().requires_grad_()
        (gradient,) = torch.autograd.grad(self.loss(self.of_examples(leaf)), leaf)
        return gradient.to(scores.dtype)

    def accuracy(self, scores: Tensor) -> float:
        """Share of examples (n, L) whose gold label is the best, after calibration where it is on."""
        log_probs = self._log_probs(scores.double(), self.weights)
        return float((log_probs.argmax(dim=-1) == self.gold).double().mean())
