"""How the best on dev moved while a search went on."""

from __future__ import annotations

from dataclasses import dataclass

from optuna import Study
from optuna.trial import FrozenTrial, TrialState

from promptsearch.study.progress import SUMMARY
from promptsearch.study.sampler import group_and_number


@dataclass(frozen=True)
class Moment:
    """A template that was tried.

    Attributes:
        seconds: after the search began when it was done.
        evaluations: templates tried until then, this one included.
        value: metric on dev of the combination that does best on train.
        log_likelihood: of the same, in nats; None where it has none.
        best: the highest value so far.
    """

    seconds: float
    evaluations: int
    engine: str
    plm: str
    value: float
    log_likelihood: float | None
    best: float


def history_of(study: Study) -> tuple[Moment, ...]:
    """Every template that was tried on all of dev, in the order in which they were done."""
    found: list[Moment] = []
    best = float("-inf")
    for tried, trial in enumerate(_done(study), start=1):
        place, summary = group_and_number(trial.params), trial.user_attrs[SUMMARY]
        # What left early has no figure on all of dev.
        if not trial.values or place is None or summary["dev"][0] is None:
            continue
        value, likelihood = summary["dev"]
        best = max(best, value)
        found.append(Moment(summary["at"], tried, place[0].engine, place[0].plm, value, likelihood, best))
    return tuple(found)


def templates_tried(study: Study) -> int:
    """How many templates were tried, those that left early included."""
    return len(_done(study))


def _done(study: Study) -> list[FrozenTrial]:
    """Trials of templates that were tried, in the order in which they were done."""
    done = [
        trial
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        if SUMMARY in trial.user_attrs
    ]
    return sorted(done, key=lambda trial: (trial.user_attrs[SUMMARY]["at"], trial.number))
