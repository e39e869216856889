"""What the study knows of each trial, on whatever machine it ran."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna import Study
from optuna.trial import Trial as StudyTrial
from optuna.trial import TrialState

from promptsearch.scoring import Evaluation
from promptsearch.study.budget import Pace
from promptsearch.study.owner import Owner, this_process
from promptsearch.study.pools import Group
from promptsearch.study.sampler import group_and_number
from promptsearch.study.schedule import Tried
from promptsearch.study.selection import ranked_on_train
from promptsearch.study.stale import owner_of
from promptsearch.study.trial import Trial, finite

# How long another process takes to note which template it has been given, unless it has died.
_DECIDED_SECONDS, _LOOK_SECONDS = 2.0, 0.01
SUMMARY = "summary"
"""Name of the attribute that a finished trial carries."""


@dataclass(frozen=True)
class Summary:
    """What trying one template brought.

    Attributes:
        template: as text.
        combinations: of label words and calibrations that were tried with it.
        train, dev: (metric, log-likelihood) of the combination that does best on train.
        seconds: taken.
        work: tokens through the PLM, which no clock changes.
        at: seconds after the search began when it was done.
        examples: of train and dev that it was judged on before it left the race; None if it did not leave.
    """

    template: str
    combinations: int
    train: tuple[float, float]
    dev: tuple[float, float]
    seconds: float
    work: float
    at: float = 0.0
    examples: int | None = None

    def record(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "template": self.template,
            "combinations": self.combinations,
            "train": list(map(finite, self.train)),
            "dev": list(map(finite, self.dev)),
            "seconds": round(self.seconds, 4),
            "work": self.work,
            "at": round(self.at, 2),
            "examples": self.examples,
        }


def summary_of(
    trials: Sequence[Trial], metric: str, seconds: float, work: float, at: float, examples: int | None = None
) -> Summary:
    """Of all combinations of one template that were tried."""
    best = ranked_on_train(trials, metric)[0]
    return Summary(
        str(best.candidate.template),
        len(trials),
        (best.train.value(metric), best.train.log_likelihood),
        (best.dev.value(metric), best.dev.log_likelihood),
        seconds,
        work,
        at,
        examples,
    )


def value_of(evaluation: Evaluation, metric: str) -> float:
    """The study's objective: the metric, and within one step of it the log-likelihood.

    The geometric mean probability of the true label lies in (0, 1), so that divided by the number of examples
    it never outweighs one example more or less.
    """
    likelihood = evaluation.log_likelihood
    tie = float(np.exp(min(0.0, likelihood))) if np.isfinite(likelihood) else 0.0
    return float(evaluation.value(metric)) + 0.999 * tie / max(1, evaluation.n)


@dataclass(frozen=True)
class Standing:
    """How the study stands.

    Attributes:
        taken: numbers of the templates of each group that are finished, running or waiting.
        tried: what each group has brought.
        evaluations: templates that were evaluated.
        running: trials that some worker is at.
        others: processes other than this one that are at some.
        waiting: trials that wait to be run, again or for the first time.
    """

    taken: dict[Group, frozenset[int]]
    tried: dict[Group, Tried]
    evaluations: int
    running: int
    others: int
    waiting: int

    def idle(self, workers: int) -> int:
        """Processes of so many that are at nothing, this one, which asks, among them."""
        return max(1, workers - self.others)


def brought_something(study: Study) -> frozenset[str]:
    """PLMs with which some template could be tried, here or elsewhere."""
    done = (trial for trial in study.get_trials(deepcopy=False) if SUMMARY in trial.user_attrs)
    places = (group_and_number(trial.params) for trial in done)
    return frozenset(place[0].plm for place in places if place is not None)


def paces(study: Study, whole: int, without: str) -> dict[str, Pace]:
    """How fast prompts went through each PLM, by all that was tried, one forward pass a prompt.

    Args:
        whole: examples of train and dev that a template is tried on which does not leave early.
        without: the engine that does more than have prompts read.
    """
    found: dict[str, Pace] = {}
    for trial in study.get_trials(deepcopy=False):
        place, summary = group_and_number(trial.params), trial.user_attrs.get(SUMMARY)
        if place is not None and summary is not None and place[0].engine != without:
            pace = found.setdefault(place[0].plm, Pace())
            pace.add(summary["seconds"], summary["examples"] or whole)
    return found


def is_surplus(study: Study, asked: StudyTrial, group: Group, number: int, evaluations: int | None) -> bool:
    """Whether a trial is not to be run, for others asked at the same time.

    An earlier one stands for the same template, or as many stand before it as may be evaluated. What another
    process has asked for and not yet been told is waited for.
    """
    until = time.monotonic() + _DECIDED_SECONDS
    while True:
        earlier = [
            trial
            for trial in study.get_trials(deepcopy=False)
            if trial.number < asked.number and trial.state != TrialState.FAIL
        ]
        decided = all(
            trial.state != TrialState.RUNNING or group_and_number(trial.params) for trial in earlier
        )
        if decided or time.monotonic() >= until:
            break
        time.sleep(_LOOK_SECONDS)
    if any(group_and_number(trial.params) == (group, number) for trial in earlier):
        return True
    counting = sum(SUMMARY in trial.user_attrs or not trial.state.is_finished() for trial in earlier)
    return evaluations is not None and counting >= evaluations


def standing(study: Study, groups: Iterable[Group], by_time: bool) -> Standing:
    """How the study stands for some groups.

    Args:
        by_time: whether costs are seconds, or work.
    """
    taken: dict[Group, set[int]] = {group: set() for group in groups}
    values: dict[Group, list[float]] = {group: [] for group in taken}
    costs: dict[Group, list[float]] = {group: [] for group in taken}
    evaluations = running = waiting = 0
    others: set[Owner | None] = set()
    for trial in study.get_trials(deepcopy=False):
        if trial.state == TrialState.FAIL:
            continue
        params = trial.params or trial.system_attrs.get("fixed_params", {})
        place = group_and_number(params)
        if place is None or place[0] not in taken:
            continue
        group, number = place
        taken[group].add(number)
        if trial.state == TrialState.RUNNING:
            running += 1
            others.add(owner_of(trial))
        waiting += trial.state == TrialState.WAITING
        summary = trial.user_attrs.get(SUMMARY)
        if summary is None or not trial.state.is_finished():
            continue
        evaluations += 1
        values[group].append(float(trial.values[0]) if trial.values else float(summary["dev"][0] or 0.0))
        costs[group].append(float(summary["seconds" if by_time else "work"]))
    return Standing(
        {group: frozenset(numbers) for group, numbers in taken.items()},
        {group: Tried(tuple(values[group]), tuple(costs[group])) for group in taken},
        evaluations,
        running,
        len(others - {None, this_process()}),
        waiting,
    )
