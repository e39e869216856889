"""Nearest-neighbour readout (kNN-LM, Khandelwal et al. 2020; kNN prompting, Xu et al. 2023).

`NearestReadout` states its equations. First β is chosen such that the words alone have the highest
log-likelihood on train; then k, temperature and mix by the leave-one-out log-likelihood

    Σ_i log p(y_i | x_i),   the neighbours of text i taken from the other texts:

the one that leans most on the words, then on the most neighbours, among those within a standard error of the
best. On SST-2 and AG News with 32 to 128 examples the best itself loses up to three points to words alone,
and without β up to eleven.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from promptsearch.engines.words.continuous.choosing import simplest
from promptsearch.engines.words.folds import IntArray
from promptsearch.engines.words.logistic import FloatArray, standardisation
from promptsearch.scoring.continuous import NearestReadout
from promptsearch.scoring.neighbours import mixed, nearest_keys, neighbour_log_probs, sharpened

NEIGHBOURS = (32, 24, 16, 12, 8)
TEMPERATURES = (1.0, 0.3, 0.1, 0.03)
MIXES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
SHARPNESSES = (1.0, 2.0, 0.5, 4.0, 0.25, 8.0, 16.0)
_ERRORS = 1.0
_IMPOSSIBLE = -1e3


@dataclass(frozen=True)
class NearestFit:
    """A fitted nearest-neighbour readout.

    Attributes:
        held_out: (n, L) label log-probabilities of each train text, itself not among its neighbours.
    """

    readout: NearestReadout
    held_out: FloatArray


def fit_nearest(hidden: ArrayLike, gold: ArrayLike, word_scores: ArrayLike) -> NearestFit:
    """Keep the answer states of train and choose how they are read.

    Args:
        hidden: (n, d) answer states of labelled texts, two or more.
        gold: (n,) label indices.
        word_scores: (n, L) calibrated label log-probabilities of the label words on the same texts; where
            words were chosen or weighted by these labels, such that this was done without the text at hand.
    """
    states, labels = np.asarray(hidden, dtype=np.float64), np.asarray(gold, dtype=np.int64)
    if len(states) < 2:
        raise ValueError(f"neighbours need two texts or more, not {len(states)}")
    sharpness = max(SHARPNESSES, key=lambda b: _likelihoods(sharpened(word_scores, b), labels).mean())
    words = sharpened(word_scores, sharpness)
    n_labels = words.shape[1]
    mean, scale = standardisation(states)
    keys = (states - mean) / scale
    counts = list(dict.fromkeys(min(k, len(states) - 1) for k in NEIGHBOURS))
    gaps, places = nearest_keys(keys, keys, counts[0], same=True)
    neighbours = {
        (k, temperature): neighbour_log_probs(gaps[:, :k], labels[places[:, :k]], n_labels, temperature)
        for k, temperature in product(counts, TEMPERATURES)
    }
    options = [(0.0, (counts[0], TEMPERATURES[0])), *product(MIXES, neighbours)]
    likelihoods = [_likelihoods(mixed(neighbours[at], words, mix), labels) for mix, at in options]
    mix, at = options[simplest(likelihoods, _ERRORS)]
    readout = NearestReadout(keys, labels, mean, scale, n_labels, at[0], at[1], mix, sharpness)
    return NearestFit(readout, mixed(neighbours[at], words, mix))


def _likelihoods(log_probs: FloatArray, labels: IntArray) -> FloatArray:
    """Log-likelihood of each example; what cannot be scored is as bad as what is impossible."""
    found = log_probs[np.arange(len(labels)), labels]
    return np.maximum(np.nan_to_num(found, nan=_IMPOSSIBLE), _IMPOSSIBLE)
