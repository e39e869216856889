"""Nearest neighbours and their votes, the parts of `continuous.NearestReadout`."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promptsearch.scoring.logspace import FloatArray, log_softmax, log_sum_exp

# Texts whose distances to all keys are held at once.
_CHUNK = 256


def nearest_keys(
    states: FloatArray, keys: FloatArray, k: int, same: bool = False
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Distances, as `NearestReadout` has them, and places of the k nearest keys: (n, k) each, nearest first.

    Args:
        states: (n, d).
        keys: (m, d).
        same: whether states are the keys themselves, none of which is its own neighbour.
    """
    gaps, places = np.empty((len(states), k)), np.empty((len(states), k), dtype=np.int64)
    lengths = (keys**2).sum(axis=1)
    for start in range(0, len(states), _CHUNK):
        part = states[start : start + _CHUNK]
        found = (part**2).sum(axis=1)[:, np.newaxis] - 2 * part @ keys.T + lengths
        if same:
            found[np.arange(len(part)), np.arange(start, start + len(part))] = np.inf
        nearest = np.argsort(found, axis=1, kind="stable")[:, :k]
        places[start : start + _CHUNK] = nearest
        gaps[start : start + _CHUNK] = np.take_along_axis(found, nearest, axis=1)
    return np.maximum(gaps, 0) / keys.shape[1], places


def neighbour_log_probs(
    gaps: FloatArray, labels: NDArray[np.int64], n_labels: int, temperature: float
) -> FloatArray:
    """log p_knn of `NearestReadout`: (n, L); -inf where no neighbour has the label.

    Args:
        gaps: (n, k) distances of the neighbours.
        labels: (n, k) label indices of the neighbours.
    """
    votes = np.full((len(gaps), n_labels), -np.inf)
    for label in range(n_labels):
        of_label = np.where(labels == label, -gaps / temperature, -np.inf)
        votes[:, label] = log_sum_exp(of_label)
    votes[np.isnan(gaps).any(axis=1)] = np.nan
    return log_softmax(votes)


def sharpened(word_scores: ArrayLike, sharpness: float) -> FloatArray:
    """log p_β of `NearestReadout`: (n, L), normalised."""
    return log_softmax(sharpness * log_softmax(word_scores))


def mixed(first: FloatArray, second: FloatArray, mix: float) -> FloatArray:
    """log(mix · exp(first) + (1 - mix) · exp(second)); NaN where either is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.log([mix, 1 - mix])
        return np.logaddexp(first + shares[0], second + shares[1])
