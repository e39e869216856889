"""Which trial is best: screened on train, chosen on dev."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from promptsearch.scoring import Evaluation, best_indistinguishable, rank
from promptsearch.study.trial import Trial

# The more combinations are compared on few dev examples, the more the best figure owes to luck, so only
# those that do best on train get there. On SST-2 with 16 examples a class (8 seeds), the choice's test
# accuracy lies within about a point between 16 and 48; without screening it is up to five points lower.
SCREENED = 24


def select(trials: Sequence[Trial], metric: str) -> list[Trial]:
    """Finalists from best to worst on dev: metric, then log-likelihood, then cost."""
    screened = screen(trials, metric)
    return _ranked(screened, [trial.dev for trial in screened], metric)


def screen(trials: Sequence[Trial], metric: str, most: int = SCREENED) -> list[Trial]:
    """The trials that do best on train, by the same rule, and every baseline."""
    kept = _distinct(ranked_on_train(trials, metric))[:most]
    return kept + [trial for trial in trials if trial.is_baseline and trial not in kept]


def _distinct(trials: Sequence[Trial]) -> list[Trial]:
    """Trials that differ in more than the engine that found them; of equal ones the first."""
    found: dict[tuple[object, ...], Trial] = {}
    for trial in trials:
        candidate = trial.candidate
        key = trial.plm, candidate.template, candidate.verbalizer, trial.calibration, id(candidate.readout)
        found.setdefault(key, trial)
    return list(found.values())


def ranked_on_train(trials: Sequence[Trial], metric: str) -> list[Trial]:
    """Trials from best to worst on train: metric, then log-likelihood, then cost."""
    return _ranked(trials, [trial.train for trial in trials], metric)


def _ranked(trials: Sequence[Trial], figures: Sequence[Evaluation], metric: str) -> list[Trial]:
    order = rank(
        [evaluation.value(metric) for evaluation in figures],
        [evaluation.log_likelihood for evaluation in figures],
        [trial.cost for trial in trials],
    )
    return [trials[i] for i in order]


def alike(finalists: Sequence[Trial]) -> int:
    """How many of the finalists cannot be told apart from the first on dev, the first included."""
    return len(best_indistinguishable(np.stack([trial.dev_correct for trial in finalists])))
