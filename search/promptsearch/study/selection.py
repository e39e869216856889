"""Which trial is best: screened on train, chosen on dev."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from promptsearch.scoring import Evaluation, best_indistinguishable, rank
from promptsearch.study.trial import Trial

# The more combinations are compared on few dev examples, the more the best figure owes to luck, so only
# those that do best on train get there. On SST-2 with 16 examples a class (8 seeds), the choice's test
# accuracy lies within about a point between 16 and 48; without screening it is up to five points lower.
SCREENED = 24


@dataclass(frozen=True)
class Selection:
    """What was chosen, and from what.

    Attributes:
        finalists: from best to worst on dev: metric, then log-likelihood, then cost.
        alike: of the finalists, those that cannot be told apart from the first, the first included.
        chosen: the simplest of those that did as well as the first; with `by_cost` the cheapest near it.
    """

    metric: str
    finalists: tuple[Trial, ...]
    alike: tuple[Trial, ...]
    chosen: Trial
    by_cost: bool = False

    @classmethod
    def of(cls, trials: Sequence[Trial], metric: str, by_cost: bool = False) -> Selection:
        """Choose among trials.

        Raises:
            ValueError: there are none.
        """
        finalists = select(trials, metric)
        found = best_indistinguishable(np.stack([trial.dev_correct for trial in finalists]))
        alike = tuple(finalists[i] for i in found)
        return cls(metric, tuple(finalists), alike, _simplest(alike, metric, by_cost), by_cost)

    def again(self, trials: Sequence[Trial]) -> Selection:
        """The choice among other trials by the same rule."""
        return Selection.of(trials, self.metric, self.by_cost)

    @property
    def simpler(self) -> bool:
        """Whether a simpler prompt than the first was chosen."""
        return self.chosen is not self.finalists[0]


def _simplest(alike: Sequence[Trial], metric: str, by_cost: bool) -> Trial:
    """The simplest of those that did as well as the first; with `by_cost` the cheapest of those near it.

    On few examples hardly anything can be told apart by a test at 5 %, so that is not enough to be taken for
    as good: as well did who has the same figure and a log-likelihood within one paired standard error; near
    is who has a figure within one standard error (Breiman et al. 1984, section 3.4.3).
    """
    first = alike[0]
    if by_cost:
        near = [trial for trial in alike if _within(first.dev_correct, trial.dev_correct)]
        return min(near, key=lambda trial: (trial.cost, simplicity(trial)))
    value = first.dev.value(metric)
    equal = [
        trial
        for trial in alike
        if np.isclose(trial.dev.value(metric), value)
        and _within(first.dev_likelihoods, trial.dev_likelihoods)
    ]
    return min(equal or [first], key=simplicity)


def _within(first: ArrayLike, other: ArrayLike) -> bool:
    """Whether a mean lies no more than one standard error of the paired difference below the first one's."""
    differences = np.asarray(first, dtype=float) - np.asarray(other, dtype=float)
    if differences.size < 2:
        return True
    return bool(differences.mean() <= differences.std(ddof=1) / np.sqrt(differences.size) + 1e-12)


def simplicity(trial: Trial) -> tuple[float, ...]:
    """Smaller is simpler: numbers stored beside words, label words, then tokens."""
    readout = trial.candidate.readout
    stored = 0 if readout is None else readout.width
    return (stored, trial.candidate.verbalizer.size, trial.cost)


def select(trials: Sequence[Trial], metric: str) -> list[Trial]:
    """Finalists from best to worst on dev: metric, then log-likelihood, then cost."""
    screened = screen(trials, metric)
    return _ranked(screened, [trial.dev for trial in screened], metric)


def screen(trials: Sequence[Trial], metric: str, most: int = SCREENED) -> list[Trial]:
    """The trials that do best on train, by the same rule, and every baseline.

    Those that left the race early were judged on fewer examples, and stay away where others did not.
    """
    stayed = [trial for trial in trials if not trial.left_early] or list(trials)
    kept = _distinct(ranked_on_train(stayed, metric))[:most]
    return kept + [trial for trial in stayed if trial.is_baseline and trial not in kept]


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
