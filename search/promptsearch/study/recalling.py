"""Taking up what a study has finished before, or elsewhere.

To go on, a search needs no more than what the study tells of each trial. What its end needs of them, figures
of every combination on every example, comes from cached answer states: once, when the search is over.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from optuna import Study
from optuna.trial import FrozenTrial, TrialState

from promptsearch.engines.base import Budget
from promptsearch.study.offers import template_of
from promptsearch.study.pools import Group, Offer
from promptsearch.study.progress import SUMMARY
from promptsearch.study.sampler import group_and_number
from promptsearch.study.search import Search


def finished(study: Study) -> frozenset[int]:
    """Numbers of the trials that brought something."""
    return frozenset(trial.number for trial in study.get_trials(deepcopy=False) if _brought_something(trial))


def recall(search: Search, numbers: Collection[int] | None = None) -> None:
    """Try again what the study has finished and this process does not know; answer states are cached.

    It comes before what this process has tried, where it was tried before.

    Args:
        numbers: of the trials, where not all are wanted.
    """
    known, search.trials = search.trials, []
    try:
        _recall_all(search, numbers)
    finally:
        search.trials += known


def _recall_all(search: Search, numbers: Collection[int] | None) -> None:
    missing: dict[tuple[Group, int], list[tuple[int, FrozenTrial]]] = {}
    trials = search.study.get_trials(deepcopy=False)
    known = {group_and_number(trial.params) for trial in trials if trial.number in search.recalled}
    for trial in trials:
        place = group_and_number(trial.params)
        if trial.number in search.recalled or (numbers is not None and trial.number not in numbers):
            continue
        if place in known:
            continue  # two processes have tried the same
        if _brought_something(trial) and place is not None and place[0].plm in search.plms:
            key = place[0], search.judge.rungs.on(trial.user_attrs[SUMMARY]["examples"])
            missing.setdefault(key, []).append((place[1], trial))
    if missing:
        search.observer.stage("Taking up what was tried before, or elsewhere")
    for (group, rung), entries in missing.items():
        _recall(search, group, rung, entries)


def _brought_something(trial: FrozenTrial) -> bool:
    done = trial.state.is_finished() and trial.state != TrialState.FAIL
    return done and SUMMARY in trial.user_attrs


def _recall(search: Search, group: Group, rung: int, entries: Sequence[tuple[int, FrozenTrial]]) -> None:
    plm = search.plms[group.plm]
    if search.offers.size(group) is None:
        search.offers.fill(group, plm, Budget())
    offers: dict[int, Offer] = {}
    for number, trial in entries:
        offer = search.offers.offer(group, number, plm, None, template_of(trial.user_attrs), Budget())
        if offer is not None:
            offers[number] = offer
    for done, found, _ in search.judge.judged(plm, offers, rung):
        search.trials += found
        # At once: it may be broken off, and done again.
        search.recalled.update(trial.number for number, trial in entries if number == done)
        search.observer.tried(found)
    search.recalled.update(trial.number for _, trial in entries)
