"""The candidates of a report: every combination that was tried, or a sample of very many."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from promptsearch.report.document import CandidatePoint
from promptsearch.report.words import short_words
from promptsearch.study.result import Discovery
from promptsearch.study.selection import combination
from promptsearch.study.trial import Trial, finite

MOST = 5_000


def candidate_points(discovery: Discovery, most: int = MOST) -> tuple[CandidatePoint, ...]:
    """A point a trial, in the order in which they were tried.

    Of more than `most`, the finalists, the manual prompts and the front are kept and others drawn at random,
    by the seed of the task. Figures are on the dev examples that the search used, which of very many are
    not all. What left the race before has no figures: they would be of other examples.
    """
    task, n_dev = discovery.task, discovery.n_dev_searched
    chosen = {_found(finalist.trial) for finalist in discovery.finalists}
    finalists = {id(trial) for trial in discovery.trials if _found(trial) in chosen}
    whole = [trial for trial in discovery.trials if trial.dev.n == n_dev]
    on_front = {id(trial) for trial in front(whole, task.metric)}
    must = finalists | on_front | {id(trial) for trial in discovery.trials if trial.is_baseline}
    return tuple(
        _point(
            trial,
            task.metric,
            judged=trial.dev.n == n_dev,
            finalist=id(trial) in finalists,
            on_front=id(trial) in on_front,
        )
        for trial in sample(discovery.trials, must, most, task.seed or 0)
    )


def front(trials: Sequence[Trial], metric: str) -> list[Trial]:
    """Trials than which no other is as good on dev and as cheap but for being better or cheaper.

    The cheapest first; of those that are equal in both, the one of the highest log-likelihood.
    """
    ordered = sorted(
        trials, key=lambda trial: (trial.cost, -trial.dev.value(metric), -_or_least(trial.dev.log_likelihood))
    )
    found: list[Trial] = []
    for trial in ordered:
        if not found or trial.dev.value(metric) > found[-1].dev.value(metric):
            found.append(trial)
    return found


def sample(trials: Sequence[Trial], must: set[int], most: int, seed: int) -> list[Trial]:
    """At most so many trials in their order, those that must be among them whatever their number.

    Args:
        must: by `id`.
    """
    if len(trials) <= most:
        return list(trials)
    free = [trial for trial in trials if id(trial) not in must]
    n_kept = sum(id(trial) in must for trial in trials)
    drawn = random.Random(seed).sample(free, max(0, most - n_kept))
    kept = must | {id(trial) for trial in drawn}
    return [trial for trial in trials if id(trial) in kept]


def _found(trial: Trial) -> tuple[object, ...]:
    """Which of the trials a finalist is, that has been judged on more examples since."""
    return (trial.candidate.engine, *combination(trial))


def _or_least(value: float) -> float:
    return value if math.isfinite(value) else -math.inf


def _point(trial: Trial, metric: str, *, judged: bool, finalist: bool, on_front: bool) -> CandidatePoint:
    return CandidatePoint(
        engine=trial.candidate.engine,
        plm=trial.plm,
        template=str(trial.candidate.template),
        words=short_words(trial.candidate.verbalizer),
        calibration=trial.calibration.method,
        train=finite(trial.train.value(metric)) if judged else None,
        dev=finite(trial.dev.value(metric)) if judged else None,
        log_likelihood=finite(trial.dev.log_likelihood) if judged else None,
        tokens=trial.cost,
        manual=trial.is_baseline,
        finalist=finalist,
        on_front=on_front,
    )
