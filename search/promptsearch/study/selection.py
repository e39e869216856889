"""Which trial is best: screened on train, chosen on dev."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from promptsearch.scoring import best_indistinguishable, rank
from promptsearch.study.trial import Trial

# The more combinations are compared on few dev examples, the more the best figure owes to luck.
# Only so many as look best on train get there.
SCREENED = 16


def screen(trials: Sequence[Trial], most: int = SCREENED) -> list[Trial]:
    """The trials with the highest log-likelihood on train, in that order, and the baseline."""
    order = sorted(range(len(trials)), key=lambda i: -_or_worst(trials[i].train_log_likelihood))
    kept = [trials[i] for i in order[:most]]
    return kept + [trial for trial in trials if trial.is_baseline and trial not in kept]


def ranked(trials: Sequence[Trial], metric: str) -> list[Trial]:
    """Trials from best to worst on dev: metric, then log-likelihood, then cost."""
    order = rank(
        [trial.dev.value(metric) for trial in trials],
        [trial.dev.log_likelihood for trial in trials],
        [trial.cost for trial in trials],
    )
    return [trials[i] for i in order]


def select(trials: Sequence[Trial], metric: str) -> list[Trial]:
    """Finalists from best to worst."""
    return ranked(screen(trials), metric)


def alike(finalists: Sequence[Trial]) -> int:
    """How many of the finalists cannot be told apart from the first on dev, the first included."""
    return len(best_indistinguishable(np.stack([trial.dev_correct for trial in finalists])))


def _or_worst(value: float) -> float:
    return value if np.isfinite(value) else -np.inf
