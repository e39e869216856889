"""Multinomial logistic regression with an L2 penalty towards a start."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def fit_logistic(
    features: ArrayLike, gold: ArrayLike, n_labels: int, penalty: float, start: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """Weights and bias that minimise

        mean over i of -log softmax(V x_i + b)[y_i]  +  penalty / 2 · ||V - start||²

    Args:
        features: (n, d).
        gold: (n,) label indices.
        start: (n_labels, d), zeros where left out. The bias is not penalised.

    Returns:
        V (n_labels, d) and b (n_labels,).
    """
    import torch

    x = torch.as_tensor(np.asarray(features, dtype=np.float64))
    y = torch.as_tensor(np.asarray(gold, dtype=np.int64))
    begin = torch.zeros(n_labels, x.shape[1], dtype=torch.float64)
    if start is not None:
        begin = torch.as_tensor(np.asarray(start, dtype=np.float64))
    weights = begin.clone().requires_grad_(True)
    bias = torch.zeros(n_labels, dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS(
        [weights, bias],
        max_iter=200,
        tolerance_grad=1e-6,
        tolerance_change=1e-10,
        line_search_fn="strong_wolfe",
    )

    def loss() -> torch.Tensor:
        solver.zero_grad()
        fit = torch.nn.functional.cross_entropy(x @ weights.T + bias, y)
        value = fit + penalty / 2 * (weights - begin).square().sum()
        value.backward()
        return value

    solver.step(loss)
    return weights.detach().numpy(), bias.detach().numpy()


def standardisation(features: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Mean and scale of each column: (d,), (d,); a column that does not vary has scale 1."""
    x = np.asarray(features, dtype=np.float64)
    scale = x.std(axis=0)
    return x.mean(axis=0), np.where(scale > 1e-8 * np.abs(x).max(initial=1.0), scale, 1.0)
