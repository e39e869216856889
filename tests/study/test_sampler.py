"""What a study is asked to try next within a group."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import optuna
import pytest
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import TrialState

from promptsearch.study.pools import Group
from promptsearch.study.progress import standing
from promptsearch.study.sampler import GroupSampler, ask, group_and_number

MANUAL, MINING = Group("a", "manual"), Group("a", "mining")
OTHER = Group("b", "manual")
GROUPS = [MANUAL, OTHER, MINING, Group("b", "mining")]


class Asked:
    """A study whose groups have so many templates."""

    def __init__(self, size: int, seed: int = 0, choose: BaseSampler | None = None) -> None:
        self.size = size
        self.sampler = GroupSampler(seed, self.untried, choose)
        self.study = optuna.create_study(direction="maximize", sampler=self.sampler)

    def untried(self, group: Group) -> list[int]:
        taken = standing(self.study, [group], by_time=False).taken[group]
        return [number for number in range(self.size) if number not in taken]

    def ask(self, group: Group = MANUAL) -> tuple[optuna.Trial, Group, int]:
        return ask(self.study, self.sampler, group, GROUPS, lambda each: self.size)

    def search(self, value: Callable[[int], float], turns: int, group: Group = MANUAL) -> list[int]:
        found = []
        for _ in range(turns):
            trial, _, number = self.ask(group)
            self.study.tell(trial, value(number))
            found.append(number)
        return found


def test_every_number_is_drawn_once():
    assert sorted(Asked(30).search(lambda number: -abs(number - 12), 30)) == list(range(30))


def test_every_number_is_drawn_once_while_nothing_is_told():
    asked = Asked(12)
    assert sorted(asked.ask()[2] for _ in range(12)) == list(range(12))
    assert asked.untried(MANUAL) == []


def test_the_first_of_a_group_comes_first():
    asked = Asked(30, seed=5)
    assert [asked.ask(group)[2] for group in (MANUAL, MINING)] == [0, 0]
    assert asked.ask(MANUAL)[2] > 0


def test_the_group_is_the_one_that_was_named():
    asked = Asked(5)
    for group in (OTHER, MINING, MANUAL, OTHER):
        trial, found, number = asked.ask(group)
        assert found == group
        assert group_and_number(trial.params) == (group, number)
    assert len(asked.untried(OTHER)) == 3
    assert len(asked.untried(MINING)) == 4


def far(found: list[int], best: int) -> float:
    return float(np.mean([abs(number - best) for number in found]))


def test_after_some_draws_at_random_tpe_goes_where_it_was_good():
    """Optuna's default draws ten at random; the fifteen after them lie nearer to the best than chance."""
    learned, chance = [], []

    def value(number: int) -> float:
        return -abs(number - 20.0)

    for seed in range(8):
        learned.append(far(Asked(100, seed).search(value, 25)[10:], 20))
        chance.append(far(Asked(100, seed, RandomSampler(seed)).search(value, 25)[10:], 20))
    assert np.mean(learned) < 0.5 * np.mean(chance)


def test_the_seed_says_what_is_drawn():
    drawn = [Asked(50, seed).search(lambda number: number / 50, 20) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_what_was_enqueued_comes_first_whatever_the_turn_is():
    asked = Asked(9)
    asked.study.enqueue_trial({"plm": "b", "engine": "mining", "b/mining": 7})
    _, group, number = asked.ask(MANUAL)
    assert (group, number) == (Group("b", "mining"), 7)
    assert asked.ask(MANUAL)[1] == MANUAL


def test_a_number_whose_trial_failed_is_drawn_again():
    asked = Asked(3)
    trial, _, number = asked.ask()
    asked.study.tell(trial, state=TrialState.FAIL)
    assert sorted(asked.search(float, 3)) == [0, 1, 2]
    assert number in {0, 1, 2}


def test_without_a_group_the_study_is_not_asked():
    asked = Asked(3)
    with pytest.raises(RuntimeError, match="a group must be set"):
        asked.study.ask().suggest_int("a/manual", 0, 2)


def test_what_a_trial_stands_for():
    assert group_and_number({}) is None
    assert group_and_number({"plm": "a", "engine": "manual"}) is None
    assert group_and_number({"plm": "a", "engine": "manual", "a/manual": 4}) == (MANUAL, 4)
