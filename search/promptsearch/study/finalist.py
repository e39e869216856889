"""A trial that stands in the comparison table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from promptsearch.scoring import Difference, Evaluation
from promptsearch.study.trial import Trial

BEST, BEST_OF_PLM, HAND_WRITTEN, MANUAL = "best", "best of its PLM", "best hand-written", "manual"
"""Roles of single prompts."""
BEST_OF_ENGINE = {"manual": HAND_WRITTEN, "trigger": "best trigger", "soft": "best soft prompt"}
"""Engine -> role of the best that it offered, where another engine's prompt is the best of all."""
TOGETHER, MAJORITY = "the best together", "majority class"
"""Rows of the comparison that are no single prompt."""


@dataclass(frozen=True)
class Finalist:
    """A trial that stands in the comparison table.

    Attributes:
        role: `BEST`, `BEST_OF_PLM`, one of `BEST_OF_ENGINE`, or `MANUAL` (the prompt a person would write
            first).
        test: figures on test, None when the run was stopped before.
        shortened: test texts of which a field was cut.
        predictions: (n_test,) label indices, -1 where it could not be scored.
        to_best: test figure of the best minus this one's; None for the best itself.
        milliseconds: that a prediction takes here, in a small batch.
    """

    role: str
    trial: Trial
    test: Evaluation | None = None
    shortened: int = 0
    predictions: NDArray[np.int64] | None = field(default=None, compare=False, repr=False)
    to_best: Difference | None = None
    milliseconds: float | None = None


def manual_beside(finalists: Sequence[Finalist], own: Finalist | None = None) -> Finalist | None:
    """The manual prompt on the PLM of a finalist, by default the best; None where it could not be tried."""
    plm = (own or finalists[0]).trial.plm
    return next((each for each in finalists if each.role == MANUAL and each.trial.plm == plm), None)


def best_of_engine(finalists: Sequence[Finalist], engine: str) -> Finalist | None:
    """The best prompt of an engine: the best of all, or the one beside it; None where it found none."""
    if finalists[0].trial.candidate.engine == engine:
        return finalists[0]
    return next((each for each in finalists if each.role == BEST_OF_ENGINE[engine]), None)
