"""The candidates that a page lists: the best of them; all are in `report.json`."""

from __future__ import annotations

import math
from collections.abc import Sequence

from promptsearch.report.document import CandidatePoint

LISTED = 50


def best_candidates(candidates: Sequence[CandidatePoint], most: int = LISTED) -> list[CandidatePoint]:
    """The best on dev, ties by log-likelihood; those without a figure last."""
    return sorted(candidates, key=_rank, reverse=True)[:most]


def _rank(candidate: CandidatePoint) -> tuple[float, float]:
    dev, log_likelihood = candidate.dev, candidate.log_likelihood
    return (
        -math.inf if dev is None else dev,
        -math.inf if log_likelihood is None else log_likelihood,
    )
