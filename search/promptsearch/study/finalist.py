"""A trial that stands in the comparison table."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from promptsearch.scoring import Difference, Evaluation
from promptsearch.study.trial import Trial


@dataclass(frozen=True)
class Finalist:
    """A trial that stands in the comparison table.

    Attributes:
        role: `best`, `best of its PLM`, `best hand-written`, or `manual` (the prompt a person would write
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
