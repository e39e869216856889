"""When triggers have their turn, and what each PLM may spend on them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from promptsearch.study.budget import Clock, Limits
from promptsearch.study.pools import Group
from promptsearch.study.trigger_schedule import TriggerTurns

ONE, TWO, OTHER = Group("one", "trigger"), Group("two", "trigger"), Group("one", "manual")
GROUPS = (OTHER, ONE, TWO)


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def offers(unfinished: tuple[Group, ...] = (), **sizes: int) -> Any:
    """What the engines offer: `one=3` for three triggers on that PLM."""
    config = SimpleNamespace(trigger=SimpleNamespace(offers=10))
    return SimpleNamespace(
        engines=SimpleNamespace(config=config),
        size=lambda group: sizes.get(group.plm),
        is_unfinished=lambda group: group in unfinished,
    )


def turns(minutes: float | None = None, found: Any = None, **given: Any) -> TriggerTurns:
    return TriggerTurns(found or offers(), Clock(Limits(minutes=minutes), now=Time()), **given)


def test_they_come_when_the_others_are_through_or_half_the_time_is_over():
    late = turns(minutes=10)
    assert late.is_time(others_left=False)
    assert not late.is_time(others_left=True)
    late.clock.now.now = 300.0  # ty: ignore[invalid-assignment]
    assert late.is_time(others_left=True)


def test_where_the_search_is_all_about_them_they_wait_for_little():
    soon = turns(minutes=10, after=0.1)
    soon.clock.now.now = 60.0  # ty: ignore[invalid-assignment]
    assert soon.is_time(others_left=True)
    budget = soon.begin(ONE, (OTHER, ONE), others_left=True, seconds_each=0)
    assert budget.seconds == pytest.approx(0.95 * 540 * 0.9)


def test_the_plms_that_wait_share_what_is_left():
    two = turns(minutes=10)
    # 600 s for two PLMs, of which 5 % and ten trials of 2 s are set aside.
    assert two.begin(ONE, GROUPS, others_left=False, seconds_each=2).seconds == pytest.approx(0.95 * 300 - 20)
    assert two.begin(TWO, GROUPS, others_left=False, seconds_each=0).seconds == pytest.approx(0.95 * 600)


def test_others_that_have_something_left_get_half():
    budget = turns(minutes=10).begin(ONE, (OTHER, ONE), others_left=True, seconds_each=0)
    assert budget.seconds == pytest.approx(0.95 * 300)


def test_trying_what_was_found_never_takes_more_than_half():
    assert turns(minutes=10).begin(ONE, (ONE,), False, seconds_each=100).seconds == pytest.approx(300)


def test_evaluations_are_those_that_were_asked_for_or_bounded_where_nothing_else_is():
    assert turns(evaluations=500).begin(ONE, GROUPS, False, 0).evaluations == 500
    assert turns(minutes=10).begin(ONE, GROUPS, False, 0).evaluations is None
    free = turns().begin(ONE, GROUPS, False, 0)
    assert free.seconds is None
    assert free.evaluations is not None


def test_a_group_has_one_turn_in_a_sitting():
    once = turns(found=offers(unfinished=(TWO,), two=3))
    assert [once.waits(group) for group in GROUPS] == [False, True, True]
    once.begin(ONE, GROUPS, False, 0)
    once.begin(TWO, GROUPS, False, 0)
    assert not any(map(once.waits, GROUPS))
    # What an earlier sitting has finished is not begun again.
    assert not turns(found=offers(two=3)).waits(TWO)
