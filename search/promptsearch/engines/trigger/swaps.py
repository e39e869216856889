"""First-order scores of all swaps of one token: how far each is promised to bring the loss down.

From one gradient (`swap_scores`), the loss is linearised in the embedding of each place: putting token w in
place of token v changes it by about grad · (E[w] - E[v]) (HotFlip, Ebrahimi et al. 2018; AutoPrompt, Shin
et al. 2020, equation 3).

That is exact for small steps only, and tokens lie far apart. `promised_losses` goes two steps nearer to the
truth. It linearises the label scores of each example instead of the loss, which then comes of them exactly,
so that a swap which would overshoot is not promised to help. And it does so around the mean of the
vocabulary, which no token is far from, and where the place says nothing: that a good token would leave with
the swap is seen too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from promptsearch.engines.trigger.costs import Costs
from promptsearch.engines.trigger.reading import Slopes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Rows of the vocabulary that are multiplied at once; in another number format each part is copied to float32.
CHUNK = 16384
# Label scores that are predicted at once.
_MOST_SCORES = 1 << 22
# Scores are compared on a grid of this part of the largest, so that rounding errors of a gradient, which
# depend on how examples are batched, do not change the order of near-equal swaps.
GRID = 1e-4


def swap_scores(gradient: Tensor, matrix: Tensor, filling: Sequence[int], chunk: int = CHUNK) -> FloatArray:
    """Scores of putting each token in each place: (m, vocabulary), 0 for the token that is there.

    Args:
        gradient: (m, d) derivative of the loss by the embedding in each place.
        matrix: (vocabulary, d) input embeddings.
        filling: (m,) the tokens that are there.
    """
    scores = np.empty((len(filling), len(matrix)))
    for start in range(0, len(matrix), chunk):
        part = matrix[start : start + chunk].to(gradient.dtype)
        scores[:, start : start + len(part)] = -(gradient @ part.T).double().cpu().numpy()
    places = np.arange(len(filling))
    return scores - scores[places, np.asarray(filling)][:, None]


def promised_losses(slopes: Slopes, point: Tensor, matrix: Tensor, costs: Costs) -> FloatArray:
    """The loss that each token in a place is promised to give: (vocabulary,).

    Args:
        slopes: of that place alone, around `point` (d,) in it.
        matrix: (vocabulary, d) input embeddings.
        costs: on the examples of the slopes.
    """
    examples, labels = slopes.scores.shape
    slope, scores = slopes.slopes[:, :, 0], slopes.scores.to(slopes.slopes)
    offset = scores[:, 1:] - scores[:, :1] - slope @ point
    losses = np.empty(len(matrix))
    chunk = min(CHUNK, max(1, _MOST_SCORES // (examples * labels)))
    for start in range(0, len(matrix), chunk):
        part = matrix[start : start + chunk].to(slope.dtype)
        above = torch.einsum("vd,rld->vrl", part, slope) + offset
        scores = torch.cat([torch.zeros_like(above[..., :1]), above], dim=-1)
        losses[start : start + len(part)] = costs.loss(costs.of_examples(scores)).cpu().numpy()
    return losses


def ranked_swaps(scores: FloatArray, allowed: NDArray[np.bool_], most: int) -> IntArray:
    """The best swaps (k <= most, 2) as (place, token), best first; near-ties by token id, then by place.

    Args:
        scores: (m, vocabulary).
        allowed: (vocabulary,) or (m, vocabulary), which tokens may be put there.
    """
    open_to = np.broadcast_to(allowed, scores.shape)
    flat = np.flatnonzero(open_to)
    values = scores.ravel()[flat]
    if most <= 0:
        return np.zeros((0, 2), dtype=np.int64)
    if len(flat) > most:
        # All that may be on the grid cell of the last one that is taken; the rest need no sorting.
        edge = np.partition(values, len(values) - most)[len(values) - most]
        near = values >= edge - GRID * np.abs(values).max()
        flat, values = flat[near], values[near]
    step = GRID * max(float(np.abs(values).max(initial=0.0)), np.finfo(np.float64).tiny)
    places, tokens = np.divmod(flat, scores.shape[1])
    order = np.lexsort((places, tokens, -np.round(values / step)))[:most]
    return np.stack([places[order], tokens[order]], axis=1)
