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


@dataclass(frozen=True)
class CalibrationMethod:
    """How offsets are fitted.

    Attributes:
        offsets_of: what the offsets belong to.
        fitted_on: the inputs whose scores are needed.
        offsets: (..., r, k) scores of r such inputs for k labels or words -> (..., k) offsets.
        summary: one line for people, with the source.
    """

    offsets_of: Literal["nothing", "words", "labels"]
    fitted_on: Literal["nothing", "content-free inputs", "empty fields", "unlabelled inputs"]
    offsets: Callable[[ArrayLike], FloatArray]
    summary: str


def _log_mean(log_probs: ArrayLike) -> FloatArray:
    values = np.asarray(log_probs, dtype=np.float64)
    return log_sum_exp(values, axis=-2) - np.log(values.shape[-2])


def _zeros(scores: ArrayLike) -> FloatArray:
    shape = np.shape(scores)
    return np.zeros((*shape[:-2], shape[-1]))


CALIBRATIONS: Mapping[str, CalibrationMethod] = MappingProxyType(
    {
        "none": CalibrationMethod("nothing", "nothing", _zeros, "scores as the PLM gives them"),
        "contextual": CalibrationMethod(
            "labels",
            "content-free inputs",
            log_mean_distribution,
            "divided by the label distribution on content-free inputs (Zhao et al. 2021)",
        ),
        "pmi": CalibrationMethod(
            "words",
            "empty fields",
            _log_mean,
            "each answer divided by its probability under empty fields (PMI_DC, Holtzman et al. 2021)",
        ),
        "batch": CalibrationMethod(
            "labels",
            "unlabelled inputs",
            log_mean_distribution,
            "divided by the mean label distribution over unlabelled inputs (Zhou et al. 2024)",
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
    offsets = CALIBRATIONS["pmi"].offsets(np.atleast_2d(empty_word_log_probs))
    return Calibration("pmi", word_offsets=tuple(offsets.tolist()))


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
    offsets = CALIBRATIONS[method].offsets(np.atleast_2d(scores))
    return Calibration(method, label_offsets=tuple(offsets.tolist()))


def _check_width(kind: str, have: int, need: int) -> None:
    if have != need:
        raise ValueError(f"the calibration has {have} {kind} offsets, the verbalizer's layout needs {need}")
