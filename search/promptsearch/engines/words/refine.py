"""Noise taken out of expanded label words, on answer states (KPT, Hu et al. 2022, section 3.3).

Each refinement says which words stay; see `weights` for the learnable one and `promptsearch.scoring` for
contextualised calibration (`prior`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Verdict:
    """What a refinement says of each word.

    Attributes:
        keep: (W,) whether it stays.
        value: (W,) the figure it was judged by.
        threshold: what the figure had to reach.
    """

    keep: BoolArray
    value: FloatArray
    threshold: float


def contextual_prior(log_probs: ArrayLike) -> FloatArray:
    """Prior of each word over unlabelled texts: (n, W) word log-probabilities -> (W,).

    p(w) = mean over x of p(w | x), as a logarithm.
    """
    values = np.asarray(log_probs, dtype=np.float64)
    top = values.max(axis=0)
    return top + np.log(np.exp(values - top).mean(axis=0))


def by_frequency(log_probs: ArrayLike, share: float = 0.5) -> Verdict:
    """Drop the words that the PLM hardly ever expects: those whose contextual prior is among the lowest.

    KPT drops the lower half over the words of all labels together.

    Args:
        log_probs: (n, W) of unlabelled texts.
        share: how many of the words stay, the most probable.
    """
    prior = contextual_prior(log_probs)
    n_kept = max(1, int(np.ceil(share * len(prior))))
    threshold = float(np.sort(prior)[::-1][n_kept - 1])
    return Verdict(prior >= threshold, prior, threshold)


def by_relevance(
    log_probs: ArrayLike, label_of: ArrayLike, anchors: Sequence[Sequence[int]], centred: bool = True
) -> Verdict:
    """Drop the words that move with another label's words more than with their own.

    With q(w) the vector of p(w | x) over unlabelled texts, q(y) the mean of the vectors of label y's anchors,
    and r their cosine, a word stays if

        R(w)  =  r(w, own label) · (L - 1) / Σ_{other labels y} r(w, y)  >=  1.

    In the paper a label's anchor is its name. Here vectors are divided by each word's prior first, then
    centred over the words of a text and over texts: all words of a PLM rise and fall together from text to
    text, so that the cosines of plain vectors are all near 1. A word that falls where its own label rises
    leaves; where the cosines of the other labels sum to nothing or less, R is infinite. A word stays where
    there is nothing to judge it by: it, or its label, is the same in all texts.

    Args:
        log_probs: (n, W) of unlabelled texts.
        label_of: (W,) the label each word is meant for.
        anchors: columns of the words that stand for each label: its name, words that people listed.
        centred: False takes plain vectors, as the paper does.
    """
    values = np.asarray(log_probs, dtype=np.float64)
    own = np.asarray(label_of, dtype=np.int64)
    vectors = np.exp(values - contextual_prior(values)) if centred else np.exp(values)
    if centred:
        vectors = vectors - vectors.mean(axis=1, keepdims=True)
        vectors = vectors - vectors.mean(axis=0)
    labels = np.stack([vectors[:, list(columns)].mean(axis=1) for columns in anchors], axis=1)
    cosines = _unit(vectors).T @ _unit(labels)
    mine = cosines[np.arange(len(own)), own]
    others = cosines.sum(axis=1) - mine
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(others > 0, mine * (len(anchors) - 1) / others, np.inf)
    ratio = np.where(mine > 0, ratio, 0.0)
    still = (vectors == 0).all(axis=0) | (labels[:, own] == 0).all(axis=0)
    ratio = np.where(still, 1.0, ratio)
    return Verdict(ratio >= 1.0, ratio, 1.0)


def _unit(columns: FloatArray) -> FloatArray:
    return columns / np.maximum(np.linalg.norm(columns, axis=0), 1e-300)
