"""Which trial is best: screened on train, chosen on dev."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from promptsearch.scoring import Evaluation, best_indistinguishable, paired_difference, rank
from promptsearch.scoring.selection import LOG_LIKELIHOOD_DECIMALS
from promptsearch.study.trial import Trial
from promptsearch.study.vectors import vectors_of

# The more combinations are compared on few dev examples, the more the best figure owes to luck, so only
# those that are likeliest on train get there.
SCREENED = 48
_ONE_ERROR = 0.6827  # of a normal variable lies within one standard deviation
_RESAMPLES = 500


@dataclass(frozen=True)
class Selection:
    """What was chosen, and from what.

    On few examples the metric hardly tells prompts apart, and the best of many by it owes most to luck.
    Log-likelihood takes account of how sure each answer is, and tells more. So it decides wherever the metric
    cannot: among all that lie within one standard error of the best by it, paired on the same dev examples.

    Of what lies within one standard error of the first by log-likelihood too, the simplest is chosen (the
    one-standard-error rule: Breiman et al. 1984, section 3.4.3).

    Attributes:
        finalists: from best to worst on dev.
        near: of the finalists, those within one standard error of the best by the metric.
        alike: of the finalists, those that a test cannot tell apart from the first, the first included.
        chosen: the simplest of those near that are as likely as the first; with `by_cost` the cheapest near.
        by_cost: whether cheapness decides among those near.
        compared: how many were, where not all are finalists: of a race, those that left it early included.
    """

    metric: str
    finalists: tuple[Trial, ...]
    near: tuple[Trial, ...]
    alike: tuple[Trial, ...]
    chosen: Trial
    by_cost: bool = False
    compared: int | None = None

    @classmethod
    def of(cls, trials: Sequence[Trial], metric: str, by_cost: bool = False) -> Selection:
        """Choose among trials.

        Raises:
            ValueError: there are none.
        """
        screened = screen(trials, metric)
        near = _near(screened, metric)
        first, others = near[0], [trial for trial in screened if trial not in near]
        finalists = (*near, *_ranked(others, [trial.dev for trial in others], metric))
        found = best_indistinguishable(np.stack([trial.dev_correct for trial in finalists]))
        likely = [trial for trial in near if _within(first.dev_likelihoods, trial.dev_likelihoods)]
        chosen = min(near, key=_cheapness) if by_cost else min(likely, key=simplicity)
        return cls(metric, finalists, tuple(near), tuple(finalists[i] for i in found), chosen, by_cost)

    def again(self, trials: Sequence[Trial]) -> Selection:
        """The choice among other trials by the same rule."""
        return Selection.of(trials, self.metric, self.by_cost)

    @property
    def simpler(self) -> bool:
        """Whether a simpler prompt than the first was chosen."""
        return self.chosen is not self.finalists[0]


def simplicity(trial: Trial) -> tuple[float, ...]:
    """Smaller is simpler: numbers stored beside words, label words, then tokens."""
    readout, vectors = trial.candidate.readout, vectors_of(trial.candidate)
    stored = (0 if readout is None else readout.width) + (0 if vectors is None else vectors.array.size)
    return (stored, trial.candidate.verbalizer.size, trial.cost)


def _cheapness(trial: Trial) -> tuple[float, ...]:
    return (trial.cost, *simplicity(trial))


def _near(trials: Sequence[Trial], metric: str) -> list[Trial]:
    """Those within one standard error of the best by the metric, from likeliest to least likely on dev."""
    best = _ranked(trials, [trial.dev for trial in trials], metric)[0]
    near = [trial for trial in trials if _is_near(trial, best, metric)]
    return sorted(near, key=lambda trial: (_unlikeliness(trial.dev), trial.cost))


def _is_near(trial: Trial, best: Trial, metric: str) -> bool:
    if metric == "accuracy" or not best.dev_predictions.size:
        return _within(best.dev_correct, trial.dev_correct)
    answers = best.dev_predictions, trial.dev_predictions
    gap = paired_difference(*answers, best.dev_labels, metric, level=_ONE_ERROR, resamples=_RESAMPLES)
    return gap.value <= (gap.high - gap.low) / 2 + 1e-12


def _within(first: ArrayLike, other: ArrayLike) -> bool:
    """Whether a mean lies no more than one standard error of the paired difference below the first one's."""
    differences = np.asarray(first, dtype=float) - np.asarray(other, dtype=float)
    if differences.size < 2:
        return True
    return bool(differences.mean() <= differences.std(ddof=1) / np.sqrt(differences.size) + 1e-12)


def select(trials: Sequence[Trial], metric: str) -> list[Trial]:
    """Finalists from best to worst on dev, see `Selection`."""
    return list(Selection.of(trials, metric).finalists)


def screen(trials: Sequence[Trial], metric: str, most: int = SCREENED) -> list[Trial]:
    """The trials that are likeliest on train, and every baseline.

    What was fitted on train is likeliest there whatever it is worth, so others have half the places. Those
    that left the race early were judged on fewer examples, and stay away where others did not. Where
    all left, those are taken that were judged on most: only figures on the same examples can be compared.
    """
    stayed = [trial for trial in trials if not trial.left_early] or _on_most(trials)
    likely = sorted(
        stayed, key=lambda trial: (_unlikeliness(trial.train), -trial.train.value(metric), trial.cost)
    )
    kept = _first(_distinct(likely), most)
    return kept + [trial for trial in stayed if trial.is_baseline and trial not in kept]


def _first(trials: Sequence[Trial], most: int) -> list[Trial]:
    """So many of the first; where there are both, half of what was fitted on train and half of others."""
    fitted = [trial for trial in trials if trial.candidate.fitted]
    n_others = min(len(trials) - len(fitted), max(most - most // 2, most - len(fitted)))
    places = {True: most - n_others, False: n_others}
    kept = []
    for trial in trials:
        if places[trial.candidate.fitted] > 0:
            places[trial.candidate.fitted] -= 1
            kept.append(trial)
    return kept


def _on_most(trials: Sequence[Trial]) -> list[Trial]:
    """The trials that were judged on most examples."""
    most = max((trial.train.n + trial.dev.n for trial in trials), default=0)
    return [trial for trial in trials if trial.train.n + trial.dev.n == most]


def _unlikeliness(evaluation: Evaluation) -> float:
    """Minus the mean log-likelihood, rounded as in `rank`."""
    likelihood = evaluation.log_likelihood
    return -round(likelihood, LOG_LIKELIHOOD_DECIMALS) if np.isfinite(likelihood) else float("inf")


def _distinct(trials: Sequence[Trial]) -> list[Trial]:
    """Trials that differ in more than the engine that found them; of equal ones the first."""
    found: dict[tuple[object, ...], Trial] = {}
    for trial in trials:
        found.setdefault(combination(trial), trial)
    return list(found.values())


def combination(trial: Trial) -> tuple[object, ...]:
    """What a trial has tried, whichever engine found it and on whichever examples it was judged."""
    candidate = trial.candidate
    return trial.plm, candidate.template, candidate.verbalizer, trial.calibration, id(candidate.readout)


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
