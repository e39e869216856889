"""Cross-entropy over a large vocabulary, without ever holding all logits."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

ROWS = 256


class _ChunkedCrossEntropy(torch.autograd.Function):
    """Loss and gradient in one pass over the rows.

    With p = softmax(hidden · weightᵀ + bias) the gradient of a row's loss in its logits is
    p - onehot(target), so that it can be taken while the chunk's logits exist, and they need not be kept or
    computed again.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, rows: int) -> Tensor:
        n = len(targets)
        total = hidden.new_zeros(())
        hidden_gradient = torch.empty_like(hidden)
        weight_gradient = torch.zeros_like(weight)
        bias_gradient = torch.zeros_like(bias)
        for start in range(0, n, rows):
            part, goal = hidden[start : start + rows], targets[start : start + rows]
            log_probs, loss = _log_probs(part, weight, bias, goal)
            total += loss
            gradient = log_probs.exp_()
            gradient[torch.arange(len(goal)), goal] -= 1
            gradient /= n
            hidden_gradient[start : start + rows] = gradient @ weight
            weight_gradient.addmm_(gradient.T, part)
            bias_gradient += gradient.sum(0)
        ctx.save_for_backward(hidden_gradient, weight_gradient, bias_gradient)
        return total / n

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        hidden, weight, bias = ctx.saved_tensors
        return outer[0] * hidden, outer[0] * weight, outer[0] * bias, None, None


def chunked_cross_entropy(
    hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, rows: int = ROWS
) -> Tensor:
    """Mean of -log softmax(hidden · weightᵀ + bias)[target], with at most `rows` rows of logits at a time.

    Args:
        hidden: (n, d), n at least 1.
        weight: (vocabulary, d) output embeddings.
        bias: (vocabulary,).
        targets: (n,) ids.
    """
    if torch.is_grad_enabled():
        loss = _ChunkedCrossEntropy.apply(hidden, weight, bias, targets, rows)
        assert isinstance(loss, Tensor)
        return loss
    parts = zip(hidden.split(rows), targets.split(rows))
    total = hidden.new_zeros(())
    for part, goal in parts:
        total += _log_probs(part, weight, bias, goal)[1]
    return total / len(targets)


def _log_probs(hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Log-probabilities (rows, vocabulary), and the summed loss of the rows."""
    log_probs = torch.addmm(bias, hidden, weight.T).log_softmax(-1)
    return log_probs, -log_probs.gather(1, targets[:, None]).sum()
