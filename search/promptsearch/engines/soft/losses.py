"""What a step of training makes small."""

from __future__ import annotations

from torch import Tensor

from promptsearch.engines.soft.config import GCE_POWER, Loss


def losses(kind: Loss, log_probs: Tensor, targets: Tensor) -> Tensor:
    """The loss of each row: (r,).

    `ce` is the cross-entropy, for a known label -log p. `gce` is the generalised one, (1 - p^q) / q (Zhang
    and Sabuncu 2018), which is near -log p where p is near 1 and bounded where it is near 0: an
    example that stays wrong, because it is odd or its label is, pulls less and less.

    Args:
        log_probs: (r, L) of the labels.
        targets: (r, L) shares of the labels in the loss: 1 for a known one. With `ce` it is least where the
            probabilities are these; with `gce` where they are in proportion to targets^(1 / (1 - q)), which
            is sharper.
    """
    if kind == "ce":
        return -(targets * log_probs).sum(dim=-1)
    return (targets * (1 - (GCE_POWER * log_probs).exp())).sum(dim=-1) / GCE_POWER
