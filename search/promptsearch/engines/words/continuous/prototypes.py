"""Prototypical verbalizer (ProtoVerb, Cui et al. 2022): prototypes by contrastive learning.

A linear projection takes the centred, scaled answer state of text i to v_i, and each label n has a prototype
c_n. With S the cosine over a temperature, two InfoNCE losses are added up. Instance-instance: texts of one
label are near each other and far from those of other labels,

    L_s = - mean over pairs i, j of one label n (i ≠ j) of
          log  exp S(v_i, v_j) / (exp S(v_i, v_j) + Σ_{i' not of n} exp S(v_i, v_i')).

Instance-prototype: a text is nearer to its own prototype than to the others, and a prototype nearer to its
own texts than to the others',

    L_p = - mean over i of log  exp S(v_i, c_n) / Σ_n' exp S(v_i, c_n')
          - mean over i of log  exp S(v_i, c_n) / (exp S(v_i, c_n) + Σ_{i' not of n} exp S(v_i', c_n)).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from promptsearch.engines.words.logistic import standardisation
from promptsearch.scoring.continuous import PrototypeReadout

if TYPE_CHECKING:
    from torch import Tensor

# Few: on SST-2 and AG News with 16 or 32 examples a class, test accuracy falls again after some 10 steps, by
# 4 to 7 points at 100.
_STEPS = 10
_RATE = 0.003
_TEMPERATURE = 0.5
_DIMENSIONS = 64


def fit_prototypes(
    hidden: ArrayLike,
    gold: ArrayLike,
    n_labels: int,
    *,
    dimensions: int = _DIMENSIONS,
    temperature: float = _TEMPERATURE,
    steps: int = _STEPS,
    seed: int = 0,
) -> PrototypeReadout:
    """Learn a projection and prototypes by Adam (Kingma and Ba 2015), all texts in each step.

    The projection starts at the states' principal directions, filled up at random where there are fewer than
    p, prototypes at the mean of their projected texts.

    Args:
        hidden: (n, d) answer states of labelled texts.
        gold: (n,) label indices. A label without a text is kept away from the others' texts.
        dimensions: p, at most d.
        seed: of the random directions.
    """
    import torch

    states, labels = np.asarray(hidden, dtype=np.float64), np.asarray(gold, dtype=np.int64)
    mean, scale = standardisation(states)
    x, y = torch.as_tensor((states - mean) / scale), torch.as_tensor(labels)
    projection = _directions(x, min(dimensions, states.shape[1]), seed).requires_grad_(True)
    prototypes = _means(x @ projection.detach(), y, n_labels).requires_grad_(True)
    solver = torch.optim.Adam([projection, prototypes], lr=_RATE)
    for _ in range(steps):
        solver.zero_grad()
        contrastive_loss(x @ projection, prototypes, y, temperature).backward()
        solver.step()
    scaled = projection.detach().numpy() / scale[:, np.newaxis]
    return PrototypeReadout(scaled, prototypes.detach().numpy(), mean, temperature)


def contrastive_loss(points: Tensor, prototypes: Tensor, gold: Tensor, temperature: float) -> Tensor:
    """L_s + L_p.

    Args:
        points: (n, p), the v_i.
        prototypes: (L, p).
        gold: (n,) label indices.
    """
    import torch
    from torch.nn.functional import cross_entropy, logsigmoid, normalize

    v, c = normalize(points, dim=1), normalize(prototypes, dim=1)
    to_texts, to_prototypes = v @ v.T / temperature, v @ c.T / temperature
    alike = gold[:, None] == gold
    others = torch.logsumexp(to_texts.masked_fill(alike, -torch.inf), dim=1)
    pairs = alike & ~torch.eye(len(gold), dtype=torch.bool)
    # log(exp a / (exp a + exp b)) is log sigmoid(a - b).
    instances = -logsigmoid(to_texts - others[:, None])[pairs]
    foreign = gold[:, None] == torch.arange(len(c))
    outside = torch.logsumexp(to_prototypes.masked_fill(foreign, -torch.inf), dim=0)
    own = to_prototypes[torch.arange(len(gold)), gold]
    prototype = cross_entropy(to_prototypes, gold) - logsigmoid(own - outside[gold]).mean()
    return prototype + (instances.mean() if pairs.any() else 0.0)


def _directions(states: Tensor, width: int, seed: int) -> Tensor:
    """Orthonormal directions (d, width), those along which the states vary most first."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(width, states.shape[1], generator=generator, dtype=torch.float64)
    principal = torch.linalg.svd(states, full_matrices=False).Vh
    return torch.linalg.qr(torch.cat([principal, noise])[:width].T).Q


def _means(points: Tensor, gold: Tensor, n_labels: int) -> Tensor:
    """Mean point of each label: (L, p); opposite to the mean of all where a label has none."""
    import torch

    found = torch.stack([points[gold == label].mean(dim=0) for label in range(n_labels)])
    return torch.where(found.isnan(), -points.mean(dim=0), found)
