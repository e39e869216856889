"""Optuna's default sampler, inside the group of candidates whose turn it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution, IntDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.trial import FrozenTrial, Trial, TrialState

from promptsearch.study.pools import Group
from promptsearch.study.stale import ask as marked

PLM, ENGINE = "plm", "engine"
_DRAWS = 8


class GroupSampler(BaseSampler):
    """TPE (Bergstra et al. 2011) over the templates of a group that were not tried yet.

    Which PLM and engine come next is the schedule's decision; which of their templates, TPE's. Templates are
    numbered in the order in which their engine would put them, best first, so that near numbers are alike and
    there is something to learn. The first comes first: of hand-written prompts it is the one that a person
    would write. Each is tried once: where TPE draws only what was tried, the nearest that was not is taken.

    Attributes:
        group: whose turn it is.
        among: the templates that may be drawn; None for all.

    Args:
        seed: fixes what is drawn.
        untried: numbers of a group's templates that are left.
        choose: draws a number; by default TPE. Another way to draw stands beside it in benchmarks.
    """

    def __init__(
        self,
        seed: int,
        untried: Callable[[Group], Sequence[int]],
        choose: BaseSampler | None = None,
    ) -> None:
        self._base = choose if choose is not None else TPESampler(seed=seed, constant_liar=True)
        self._untried = untried
        self.group: Group | None = None
        self.among: Collection[int] | None = None

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        group = self.group
        if group is None:
            raise RuntimeError("a group must be set before the study is asked")
        if param_name in (PLM, ENGINE):
            return group.plm if param_name == PLM else group.engine
        left = set(self._untried(group))
        if isinstance(param_distribution, IntDistribution) and len(left) > param_distribution.high:
            return 0  # none of them was tried
        if self.among is not None:
            left &= set(self.among)
        drawn = 0
        for _ in range(_DRAWS):
            drawn = self._base.sample_independent(study, trial, param_name, param_distribution)
            if drawn in left:
                return drawn
        return min(left, key=lambda number: (abs(number - drawn), number)) if left else drawn

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._base.before_trial(study, trial)

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        self._base.after_trial(study, trial, state, values)


def ask(
    study: Study,
    sampler: GroupSampler,
    group: Group,
    groups: Sequence[Group],
    size_of: Callable[[Group], int],
    among: Collection[int] | None = None,
) -> tuple[Trial, Group, int]:
    """The next trial, its group and the number of its template.

    A trial that waits in the study comes first, of whatever group it is.

    Args:
        groups: all there are, in order.
        size_of: number of templates that a group has.
        among: templates of the group that may be drawn; None for all.
    """
    sampler.group, sampler.among = group, among
    trial = marked(study)
    plm = trial.suggest_categorical(PLM, list(dict.fromkeys(each.plm for each in groups)))
    engine = trial.suggest_categorical(ENGINE, list(dict.fromkeys(each.engine for each in groups)))
    found = Group(str(plm), str(engine))
    sampler.group = found
    return trial, found, trial.suggest_int(found.parameter, 0, max(0, size_of(found) - 1))


def group_and_number(params: dict[str, Any]) -> tuple[Group, int] | None:
    """What a trial of the study stands for; None before all of it was chosen."""
    if PLM not in params or ENGINE not in params:
        return None
    group = Group(str(params[PLM]), str(params[ENGINE]))
    number = params.get(group.parameter)
    return None if number is None else (group, int(number))
