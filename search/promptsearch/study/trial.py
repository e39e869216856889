"""One combination of PLM, template, verbalizer and calibration, and how it did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.base import Candidate
from promptsearch.plms.base import AnswerScoring
from promptsearch.scoring import Calibration, Evaluation


def _no_answers() -> NDArray[np.bool_]:
    return np.zeros(0, dtype=np.bool_)


def _no_labels() -> NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64)


def _no_figures() -> NDArray[np.float64]:
    return np.zeros(0)


@dataclass(frozen=True)
class Trial:
    """A combination that was tried.

    Attributes:
        plm: reference of the PLM.
        words: the verbalizer's answers in the order of the calibration's word offsets.
        train: figures on train.
        dev: figures on dev.
        train_correct, dev_correct: (n,) whether each example was right, for paired tests.
        tokens: mean prompt length, in tokens per text.
        passes: forward passes per text (1 unless answers have different numbers of tokens).
        dev_predictions, dev_labels: (n_dev,) predicted and true label indices.
        train_likelihoods, dev_likelihoods: log-likelihood of each example (n,), in nats, for paired tests.
        left_early: whether it left the race before all examples that others were judged on.
    """

    plm: str
    candidate: Candidate
    calibration: Calibration
    scoring: AnswerScoring
    words: tuple[str, ...]
    train: Evaluation
    dev: Evaluation
    tokens: float
    passes: int = 1
    dev_correct: NDArray[np.bool_] = field(default_factory=_no_answers, compare=False)
    train_correct: NDArray[np.bool_] = field(default_factory=_no_answers, compare=False)
    dev_predictions: NDArray[np.int64] = field(default_factory=_no_labels, compare=False)
    dev_labels: NDArray[np.int64] = field(default_factory=_no_labels, compare=False)
    train_likelihoods: NDArray[np.float64] = field(default_factory=_no_figures, compare=False)
    dev_likelihoods: NDArray[np.float64] = field(default_factory=_no_figures, compare=False)
    left_early: bool = False

    @property
    def is_baseline(self) -> bool:
        """Whether this is the prompt a person would write first, uncalibrated."""
        return self.candidate.baseline and self.calibration.method == "none"

    @property
    def cost(self) -> float:
        """Tokens through the model for one prediction."""
        return self.tokens * self.passes

    def record(self, metric: str) -> dict[str, Any]:
        """One line of `candidates.jsonl`."""
        verbalizer = self.candidate.verbalizer
        return {
            "plm": self.plm,
            "template": str(self.candidate.template),
            "answers": [
                {"label": label, "words": {answer.text: answer.weight for answer in answers}}
                for label, answers in zip(verbalizer.labels, verbalizer.answers)
            ],
            "aggregation": verbalizer.aggregation,
            "calibration": self.calibration.method,
            "readout": None if self.candidate.readout is None else self.candidate.readout.kind,
            "engine": self.candidate.engine,
            "provenance": dict(self.candidate.provenance),
            "baseline": self.is_baseline,
            "tokens": round(self.tokens, 2),
            "passes": self.passes,
            "left_early": self.left_early,
            "train": _figures(self.train, metric),
            "dev": _figures(self.dev, metric),
        }


def _figures(evaluation: Evaluation, metric: str) -> dict[str, Any]:
    return {
        "n": evaluation.n,
        "metric": metric,
        "value": finite(evaluation.value(metric)),
        "accuracy": evaluation.accuracy,
        "accuracy_interval": list(evaluation.accuracy_interval),
        "log_likelihood": finite(evaluation.log_likelihood),
        "unscored": evaluation.unscored,
    }


def finite(value: float) -> float | None:
    """The number, or None where JSON has no way to write it."""
    return float(value) if np.isfinite(value) else None
