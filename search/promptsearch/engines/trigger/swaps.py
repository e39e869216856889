"""First-order scores of all swaps of one token, from one gradient.

The loss is linearised in the embedding e of each place: putting token w in place of token v changes it by
about grad · (E[w] - E[v]) (HotFlip, Ebrahimi et al. 2018; AutoPrompt, Shin et al. 2020, equation 3). Its
negative is the swap's score, so the swap that promises most has the highest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Rows of the vocabulary that are multiplied at once; in another number format each part is copied to float32.
CHUNK = 16384
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


def ranked_swaps(scores: FloatArray, allowed: NDArray[np.bool_], most: int) -> IntArray:
    """The best swaps (k <= most, 2) as (place, token), best first; near-ties by token id, then by place.

    Args:
        scores: (m, vocabulary).
        allowed: (vocabulary,) or (m, vocabulary), which tokens may be put there.
    """
    open_to = np.broadcast_to(allowed, scores.shape)
    flat = np.flatnonzero(open_to)
    values = scores.ravel()[flat]
    if len(flat) > most:
        # All that may be on the grid cell of the last one that is taken; the rest need no sorting.
        edge = np.partition(values, len(values) - most)[len(values) - most]
        near = values >= edge - GRID * np.abs(values).max()
        flat, values = flat[near], values[near]
    step = GRID * max(float(np.abs(values).max(initial=0.0)), np.finfo(np.float64).tiny)
    places, tokens = np.divmod(flat, scores.shape[1])
    order = np.lexsort((places, tokens, -np.round(values / step)))[:most]
    return np.stack([places[order], tokens[order]], axis=1)
