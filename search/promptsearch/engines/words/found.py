"""What a method of the engine finds: a verbalizer with its calibration, and how it came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.words.expansion import Dropped
from promptsearch.knowledge.base import RelatedWord
from promptsearch.readings import CalibrationInputs, fit_calibration
from promptsearch.scoring import Calibration, layout
from promptsearch.scoring.continuous import Readout
from promptsearch.verbalizer import Aggregation, Answer, Label, Verbalizer

FloatArray = NDArray[np.float64]
WeightedWords = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Found:
    """A verbalizer that a method found.

    Attributes:
        method: name of the method or step.
        step: place in the chain from label names to chosen words; None for a method beside it.
        sources: word -> where it comes from.
        dropped: words that this step took out, and why.
        notes: what a reader must know, in sentences.
        details: figures of the method.
        train_log_probs: (n, L) label log-probabilities of each labelled text from a fit that did not see its
            label; None where no label was looked at.
    """

    method: str
    verbalizer: Verbalizer
    calibration: Calibration
    step: int | None = None
    readout: Readout | None = None
    sources: Mapping[str, RelatedWord] = field(default_factory=dict)
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[str, ...] = ()
    details: Mapping[str, object] = field(default_factory=dict)
    train_log_probs: FloatArray | None = None

    def record(self) -> dict[str, Any]:
        """JSON-able provenance of the candidate."""
        record: dict[str, Any] = {"method": self.method, **self.details}
        if self.step is not None:
            record["step"] = self.step
        if self.sources:
            used = [word for word in self.verbalizer.words if word in self.sources]
            record["sources"] = {word: _source(self.sources[word]) for word in used}
        if self.dropped:
            record["dropped"] = [{"label": d.label, "word": d.word, "why": d.reason} for d in self.dropped]
        if self.notes:
            record["notes"] = list(self.notes)
        return record


def _source(related: RelatedWord) -> dict[str, object]:
    return {
        "source": related.source,
        "relation": related.relation,
        "distance": round(related.distance, 3),
        "seed": related.seed,
    }


def verbalizer_of(
    words: Sequence[Sequence[str] | WeightedWords],
    labels: Sequence[Label],
    aggregation: Aggregation = "marginal",
) -> Verbalizer:
    """A verbalizer of words, weighted or not, that counts every spelling."""
    answers = tuple(
        tuple(Answer(word) if isinstance(word, str) else Answer(word[0], float(word[1])) for word in each)
        for each in words
    )
    return Verbalizer(tuple(labels), answers, aggregation, "any")


def calibrated(method: str, log_probs: FloatArray, verbalizer: Verbalizer) -> Calibration:
    """Fit `none`, `batch`, `prior` or `prior-batch` on texts whose labels are not looked at.

    Args:
        log_probs: (n, W) of the verbalizer's words, in their order.
    """
    # Calibrations on content-free inputs are not among these, so the texts may stand in their places.
    inputs = CalibrationInputs(log_probs, log_probs, log_probs)
    return fit_calibration(method, inputs, layout(verbalizer, verbalizer.words))
