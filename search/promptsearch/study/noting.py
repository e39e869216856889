"""Telling a study what trying a template has brought."""

from __future__ import annotations

from collections.abc import Sequence

from optuna import Study
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import Trial as StudyTrial
from optuna.trial import TrialState

from promptsearch.study.progress import SUMMARY, Summary, value_of
from promptsearch.study.selection import ranked_on_train
from promptsearch.study.stale import tell, was_lost
from promptsearch.study.trial import Trial


def noted(
    study: Study, trial: StudyTrial, summary: Summary, found: Sequence[Trial], metric: str, by_cost: bool
) -> bool:
    """Tell the study; False where the trial was taken from this process, which seemed dead, to be run again.

    Args:
        found: every combination of the template that was tried.
        by_cost: whether cheap prompts are an objective beside good ones.
    """
    try:
        trial.set_user_attr(SUMMARY, summary.record())
    except UpdateFinishedTrialError:
        if was_lost(study, trial.number):
            return False
        raise
    if summary.examples is not None:
        return tell(study, trial, state=TrialState.PRUNED)
    best = ranked_on_train(found, metric)[0]
    value = value_of(best.dev, metric)
    return tell(study, trial, [value, best.cost] if by_cost else value)
