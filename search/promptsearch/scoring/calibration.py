"""Calibrations: what a label or word gets for nothing is taken off its score.

Every method is closed-form and ends in fixed offsets, which a prompt stores and applies to any number
of texts, a single one included:

    log p(label | text)  =  log_softmax(aggregate(log p(word | text) - word_offset) - label_offset)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from promptsearch.errors import OptionError, near_matches
from promptsearch.scoring.logspace import FloatArray, log_mean_distribution, log_softmax, log_sum_exp
from promptsearch.scoring.readout import VerbalizerLayout, label_scores

Offsets = Callable[[ArrayLike], FloatArray]


@dataclass(frozen=True)
class CalibrationMethod:
    """How offsets are fitted.

    Attributes:
        fitted_on: the inputs whose scores are needed.
        summary: one line for people, with the source.
        word_offsets: (..., r, W) word scores of r such inputs -> (..., W) offsets, or None.
        label_offsets: (..., r, L) label scores, words already calibrated -> (..., L) offsets, or None.
    """

    fitted_on: Literal[
        "nothing", "content-free inputs", "empty fields", "unlabelled inputs", "labelled examples"
    ]
    summary: str
    word_offsets: Offsets | None = None
    label_offsets: Offsets | None = None


def _log_mean(log_probs: ArrayLike) -> FloatArray:
    """Log of the mean probability, over the inputs that could be scored."""
    values = np.asarray(log_probs, dtype=np.float64)
    scored = ~np.isnan(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = log_sum_exp(np.where(scored, values, -np.inf), axis=-2)
        return np.where(scored.any(axis=-2), total - np.log(scored.sum(axis=-2)), np.nan)


CALIBRATIONS: Mapping[str, CalibrationMethod] = MappingProxyType(
    {
        "none": CalibrationMethod("nothing", "scores as the PLM gives them"),
        "contextual": CalibrationMethod(
            "content-free inputs",
            "divided by the label distribution on content-free inputs (Zhao et al. 2021)",
            label_offsets=log_mean_distribution,
        ),
        "pmi": CalibrationMethod(
            "empty fields",
            "each answer divided by its probability under empty fields (PMI_DC, Holtzman et al. 2021)",
            word_offsets=_log_mean,
        ),
        "batch": CalibrationMethod(
            "unlabelled inputs",
            "divided by the mean label distribution over unlabelled inputs (Zhou et al. 2024)",
            label_offsets=log_mean_distribution,
        ),
        "prior": CalibrationMethod(
            "unlabelled inputs",
            "each answer divided by its mean probability over unlabelled inputs (contextualised calibration, "
            "KPT, Hu et al. 2022)",
            word_offsets=_log_mean,
        ),
        "prior-batch": CalibrationMethod(
            "unlabelled inputs",
            "prior, then batch",
            word_offsets=_log_mean,
            label_offsets=log_mean_distribution,
        ),
        "learned": CalibrationMethod(
            "labelled examples", "offsets learned together with the weights of the label words"
        ),
    }
)


@dataclass(frozen=True)
class Calibration:
    """Fitted offsets, in nats, subtracted from scores.

    Attributes:
        method: a name in `CALIBRATIONS`.
        label_offsets: one per label, or empty.
        word_offsets: one per column of the word matrix it was fitted on, or None.
    """

    method: str = "none"
    label_offsets: tuple[float, ...] = ()
    word_offsets: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        method_named(self.method)

    @property
    def is_finite(self) -> bool:
        """Whether every offset is a number. If not, the texts it touches come out as unscored."""
        return bool(np.isfinite([*self.label_offsets, *(self.word_offsets or ())]).all())


def method_named(name: str) -> CalibrationMethod:
    """The calibration of that name.

    Raises:
        OptionError: naming the nearest one.
    """
    if name not in CALIBRATIONS:
        near = near_matches(name, CALIBRATIONS)
        meant = f"Did you mean {near[0]!r}? " if near else ""
        raise OptionError(
            f"there is no calibration {name!r}", hint=f"{meant}Calibrations: {', '.join(CALIBRATIONS)}."
        )
    return CALIBRATIONS[name]


def fit_none() -> Calibration:
    """Scores as they are."""
    return Calibration()


def fit_contextual(content_free_scores: ArrayLike) -> Calibration:
    """Contextual calibration (Zhao et al. 2021, "Calibrate Before Use": W = diag(p_cf)^-1, b = 0).

    A content-free input then gets the uniform distribution, where there is one of them.

    Args:
        content_free_scores: (r, L) label scores of r content-free inputs ("N/A", "[MASK]", "").
    """
    return _fit_labels("contextual", content_free_scores)


def fit_batch(batch_scores: ArrayLike) -> Calibration:
    """Batch calibration (Zhou et al. 2024, "Batch Calibration": p(label | x) / mean over x of p(label | x)).

    After it the mean of p(label) / offset over the batch is 1 for every label. With two labels the
    decision boundary moves from 1/2 to the batch's mean probability.

    Args:
        batch_scores: (r, L) label scores of unlabelled inputs; those that cannot be scored are left out.
    """
    return _fit_labels("batch", batch_scores)


def fit_pmi(empty_word_log_probs: ArrayLike) -> Calibration:
    """Domain-conditional PMI (Holtzman et al. 2021, "Surface Form Competition": p(answer | x) / p(answer)).

    Args:
        empty_word_log_probs: (W,) or (r, W), log-probability of each word where the fields are empty;
            probabilities are averaged over r wordings of emptiness.
    """
    return _fit_words("pmi", empty_word_log_probs)


def fit_prior(word_log_probs: ArrayLike) -> Calibration:
    """Contextualised calibration (KPT, Hu et al. 2022, section 3.3): p(w | x) / mean over x of p(w | x).

    Args:
        word_log_probs: (r, W), log-probability of each word for r unlabelled inputs.
    """
    return _fit_words("prior", word_log_probs)


def fit_prior_batch(word_log_probs: ArrayLike, layout: VerbalizerLayout) -> Calibration:
    """`fit_prior`, then `fit_batch` of the label scores that come of it.

    The first makes frequent words no louder than rare ones, the second balances labels, whose words may
    move more or less together.

    Args:
        word_log_probs: (r, W), log-probability of each word for r unlabelled inputs.
    """
    words = fit_prior(word_log_probs)
    with np.errstate(invalid="ignore"):
        calibrated = np.atleast_2d(word_log_probs) - np.array(words.word_offsets)
    labels = fit_batch(label_scores(calibrated, layout))
    return Calibration("prior-batch", labels.label_offsets, words.word_offsets)


def apply(calibration: Calibration, word_log_probs: ArrayLike, layout: VerbalizerLayout) -> FloatArray:
    """Calibrated label log-probabilities: (n, W) word log-probabilities -> (n, L), normalised over labels.

    A row becomes NaN where a word or an offset is NaN, where no label is possible, or where a label is
    divided by a probability of zero. Such a row is never a prediction (see `metrics.predict`).
    """
    log_probs = np.asarray(word_log_probs, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        if calibration.word_offsets is not None:
            _check_width("word", len(calibration.word_offsets), layout.width)
            log_probs = log_probs - np.array(calibration.word_offsets)
        scores = label_scores(log_probs, layout)
        if calibration.label_offsets:
            _check_width("label", len(calibration.label_offsets), len(layout))
            scores = scores - np.array(calibration.label_offsets)
    return log_softmax(scores)


def _fit_labels(method: str, scores: ArrayLike) -> Calibration:
    return Calibration(method, label_offsets=tuple(log_mean_distribution(np.atleast_2d(scores)).tolist()))


def _fit_words(method: str, scores: ArrayLike) -> Calibration:
    return Calibration(method, word_offsets=tuple(_log_mean(np.atleast_2d(scores)).tolist()))


def _check_width(kind: str, have: int, need: int) -> None:
    if have != need:
        raise ValueError(f"the calibration has {have} {kind} offsets, the verbalizer's layout needs {need}")
