"""The choice at the end of a search: on all of dev, or on what the search used where that takes too long."""

from __future__ import annotations

from dataclasses import replace

from promptsearch.study.conclude import finalists_of
from promptsearch.study.finalist import Finalist
from promptsearch.study.last_race import on_all_of_dev, raced
from promptsearch.study.selection import Selection, screen
from promptsearch.study.sitting import Sitting

Choice = tuple[Selection, list[Finalist]]
LAST = "the last comparison, on all of dev"


def choose(sitting: Sitting, interrupted: bool) -> Choice:
    """Choose the best and what stands beside it.

    Where dev is larger than what the search used, the best race over all of it. Where the budget has no time
    for that, or the user has none, the sitting's task is cut to what the search used, so that all figures are
    on the same examples.
    """
    if not sitting.search.judge.rungs.left_out[1]:
        selection, finalists = _by_what_was_read(sitting)
        return selection, finalists if interrupted else _with_all_of_dev(sitting, finalists)
    found = None
    if not interrupted:
        found = sitting.ending.part(LAST, 0, lambda: _on_all_of_dev(sitting))
    return found or on_what_was_used(sitting)


def on_what_was_used(sitting: Sitting) -> Choice:
    """The choice by what the search has read, without another forward pass."""
    task, used = sitting.task, sitting.search.judge.rungs.whole
    # The data of the run stay the same.
    sitting.task = replace(task, splits=used.splits, _fingerprints={"all": task.fingerprint})
    return _by_what_was_read(sitting)


def _by_what_was_read(sitting: Sitting) -> Choice:
    trials = sitting.search.trials
    selection = Selection.of(trials, sitting.task.metric, sitting.config.by_cost)
    return selection, finalists_of(selection, trials, list(sitting.plms.loaded))


def _on_all_of_dev(sitting: Sitting) -> Choice:
    task, plms, trials = sitting.task, sitting.plms.loaded, sitting.search.trials
    screened = screen(trials, task.metric)
    left = raced(screened, plms, task, sitting.config.seed)
    selection = Selection.of(left, task.metric, sitting.config.by_cost)
    selection = replace(selection, compared=len(screened))
    finalists = finalists_of(selection, trials, list(plms))
    return selection, _with_all_of_dev(sitting, finalists)


def _with_all_of_dev(sitting: Sitting, finalists: list[Finalist]) -> list[Finalist]:
    """The finalists, also those that had left early, with figures on the same dev examples."""
    task, plms = sitting.task, sitting.plms.loaded
    return [replace(each, trial=on_all_of_dev(each.trial, plms[each.trial.plm], task)) for each in finalists]
