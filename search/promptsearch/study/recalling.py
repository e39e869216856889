"""Taking up what a study has finished before, or elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from optuna.trial import FrozenTrial, TrialState

from promptsearch.engines.base import Budget
from promptsearch.study.offers import template_of
from promptsearch.study.pools import Group, Offer
from promptsearch.study.progress import SUMMARY
from promptsearch.study.sampler import group_and_number
from promptsearch.study.search import Search


def recall(search: Search) -> None:
    """Try again what the study has finished and this process does not know; answer states are cached."""
    missing: dict[tuple[Group, int], list[tuple[int, FrozenTrial]]] = {}
    for trial in search.study.get_trials(deepcopy=False):
        place, summary = group_and_number(trial.params), trial.user_attrs.get(SUMMARY)
        if trial.number in search.recalled or place is None or summary is None:
            continue
        done = trial.state.is_finished() and trial.state != TrialState.FAIL
        if done and place[0].plm in search.plms:
            key = place[0], search.judge.rungs.on(summary["examples"])
            missing.setdefault(key, []).append((place[1], trial))
    for (group, rung), entries in missing.items():
        _recall(search, group, rung, entries)


def _recall(search: Search, group: Group, rung: int, entries: Sequence[tuple[int, FrozenTrial]]) -> None:
    plm = search.plms[group.plm]
    if search.offers.size(group) is None:
        search.offers.fill(group, plm, Budget())
    offers: dict[int, Offer] = {}
    for number, trial in entries:
        offer = search.offers.offer(group, number, plm, None, template_of(trial.user_attrs), Budget())
        if offer is not None:
            offers[number] = offer
    for _, found, _ in search.judge.judged(plm, offers, rung):
        search.trials += found
        search.observer.tried(found)
    search.recalled.update(trial.number for _, trial in entries)
