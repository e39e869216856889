"""How the best on dev moved while a search went on."""

from __future__ import annotations

from dataclasses import dataclass

from optuna import Study

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
    """Every template that was tried to the end, in the order in which they were done."""
    done = [
        trial for trial in study.get_trials(deepcopy=False) if trial.values and SUMMARY in trial.user_attrs
    ]
    done.sort(key=lambda trial: (trial.user_attrs[SUMMARY]["at"], trial.number))
    found: list[Moment] = []
    best = float("-inf")
    for trial in done:
        place, summary = group_and_number(trial.params), trial.user_attrs[SUMMARY]
        if place is None or summary["dev"][0] is None:
            continue
        value, likelihood = summary["dev"]
        best = max(best, value)
        found.append(
            Moment(summary["at"], len(found) + 1, place[0].engine, place[0].plm, value, likelihood, best)
        )
    return tuple(found)
