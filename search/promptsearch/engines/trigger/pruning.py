"""The vocabulary pruned to tokens that matter, found once before the search.

As in CLAPS (Zhou et al. 2023): few tokens have much influence, and tokens with like embeddings have like
influence. So the vocabulary is clustered (k-means), the token nearest to the centre of each cluster is put
into the trigger in turn and read on a sample, and the tokens of the clusters that bring the loss down most
are kept.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from promptsearch.engines.trigger.reading import Filling, Reading

IntArray = NDArray[np.int64]

CLUSTERS = 256
_ROUNDS = 8
# Tokens that centres are fitted to, and that are assigned to them at once: a whole vocabulary is not copied.
_FITTED = 8192
_ASSIGNED = 16384


def influential(
    reading: Reading,
    filling: Filling,
    allowed: IntArray,
    most: int,
    rows: list[int],
    rng: Generator,
    clusters: int = CLUSTERS,
) -> IntArray:
    """At least `most` of the allowed tokens (all, if they are no more), whole clusters, sorted by id.

    Args:
        filling: the trigger that tokens are tried in, each in one place, the places in turn.
        rows: a sample of the examples, which they are read on.

    Raises:
        BudgetSpent: the readings are more than may still be made.
    """
    if len(allowed) <= most:
        return allowed
    matrix, ids = reading.reader.matrix, torch.from_numpy(allowed)
    centres = k_means(matrix, ids, min(clusters, len(allowed)), rng)
    nearest, distances = assigned(matrix, ids, centres)
    middle = [_middle(np.flatnonzero(nearest == c), distances, allowed) for c in range(len(centres))]
    tried = [(c, token) for c, token in enumerate(middle) if token is not None]
    fillings = [
        (*filling[: i % len(filling)], token, *filling[i % len(filling) + 1 :])
        for i, (_, token) in enumerate(tried)
    ]
    costs = reading.costs.on(rows)
    losses = costs.loss(costs.of_examples(reading.scores(fillings, rows)))
    kept: list[int] = []
    for i in np.lexsort((np.arange(len(tried)), np.round(losses.numpy(), 4))):
        if len(kept) >= most:
            break
        kept += allowed[nearest == tried[i][0]].tolist()
    return np.sort(np.array(kept, dtype=np.int64))


def k_means(matrix: Tensor, ids: Tensor, count: int, rng: Generator) -> Tensor:
    """Centres (count, d) of a few rounds of Lloyd's algorithm on some rows, at most 8,192 of them."""
    some = matrix[ids[torch.from_numpy(np.sort(rng.permutation(len(ids))[:_FITTED]))]].float()
    everything = torch.arange(len(some))
    centres = some[torch.from_numpy(np.sort(rng.permutation(len(some))[:count]))].clone()
    for _ in range(_ROUNDS):
        nearest = torch.from_numpy(assigned(some, everything, centres)[0]).to(some.device)
        sums = torch.zeros_like(centres).index_add_(0, nearest, some)
        sizes = torch.bincount(nearest, minlength=count)
        filled = sizes > 0
        centres[filled] = sums[filled] / sizes[filled, None]
    return centres


def assigned(matrix: Tensor, ids: Tensor, centres: Tensor) -> tuple[IntArray, NDArray[np.float64]]:
    """For each of the rows (v,) the number of its nearest centre (c, d), and the squared distance."""
    indices, distances = [], []
    for part in ids.split(_ASSIGNED):
        vectors = matrix[part].float()
        nearest = ((centres**2).sum(dim=1) - 2 * vectors @ centres.T).min(dim=1)
        indices.append(nearest.indices)
        distances.append(nearest.values + (vectors**2).sum(dim=1))
    return torch.cat(indices).cpu().numpy(), torch.cat(distances).double().cpu().numpy()


def _middle(members: IntArray, distances: NDArray[np.float64], allowed: IntArray) -> int | None:
    """The token nearest to the centre of its cluster; None where the cluster is empty."""
    return int(allowed[members[distances[members].argmin()]]) if len(members) else None
