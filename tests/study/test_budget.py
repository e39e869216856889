"""Limits and the clock of a search, on a clock that is set by hand."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from promptsearch.errors import OptionError
from promptsearch.study.budget import PRESETS, Clock, Limits, TimeUp


@dataclass
class Hand:
    """Seconds that a test sets."""

    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


def clock(minutes: float | None = None, evaluations: int | None = None, spent: float = 0.0) -> Clock:
    return Clock(Limits(minutes, evaluations), spent, now=Hand())


def passing(clock: Clock, seconds: float) -> Clock:
    assert isinstance(clock.now, Hand)
    clock.now.at += seconds
    return clock


def test_the_preset_counts_where_nothing_else_is_given():
    assert Limits.of(None, None, "quick") == Limits(1.0, None)
    assert [PRESETS[name] for name in ("quick", "standard", "thorough")] == [1.0, 10.0, 60.0]
    assert Limits.of(2.5, None, "thorough") == Limits(2.5, None)
    assert Limits.of(None, 7, "thorough") == Limits(None, 7)
    assert Limits.of(3.0, 7, "quick") == Limits(3.0, 7)


@pytest.mark.parametrize(
    ("minutes", "evaluations", "preset", "message"),
    [
        (0.0, None, "standard", "cannot be done in 0 minutes"),
        (-1.0, None, "standard", "cannot be done in -1 minutes"),
        (float("nan"), None, "standard", "cannot be done in nan minutes"),
        (None, 0, "standard", "at least one evaluation"),
        (None, None, "fast", "there is no preset 'fast'"),
    ],
)
def test_what_cannot_be_spent_is_refused(minutes, evaluations, preset, message):
    with pytest.raises(OptionError, match=message):
        Limits.of(minutes, evaluations, preset)


def test_seconds_of_earlier_sittings_count():
    found = passing(clock(minutes=1, spent=20), 15)
    assert found.seconds == 35
    assert found.left == 25
    assert not found.over
    assert passing(found, 25).over


def test_what_is_reserved_is_not_left():
    found = passing(clock(minutes=1), 30)
    found.reserved = 12
    assert found.left == 18
    found.reserved = 30
    assert found.over


def test_what_was_paid_for_does_not_count_again():
    found = passing(clock(minutes=1), 9)  # to start
    found.go_on(spent=20, extra=5)
    assert (found.seconds, found.left, found.extra) == (20, 40, 14)
    passing(found, 10)
    with found.standing_still():
        passing(found, 100)
        assert found.seconds == 30
    assert (found.seconds, found.extra) == (30, 114)
    assert passing(found, 2).seconds == 32
    assert found.ending().seconds == 32


def test_without_a_limit_nothing_is_ever_over():
    found = passing(clock(), 1e9)
    assert (found.left, found.evaluations_left, found.over) == (None, None, False)
    found.check()


def test_evaluations_are_counted_down_to_none():
    found = clock(evaluations=5)
    found.evaluations = 3
    assert (found.evaluations_left, found.over) == (2, False)
    found.evaluations = 7
    assert (found.evaluations_left, found.over) == (0, True)


def test_work_is_stopped_when_the_time_is_over_but_not_for_evaluations():
    found = clock(minutes=1, evaluations=1)
    found.evaluations = 1
    passing(found, 59).check()
    with pytest.raises(TimeUp):
        passing(found, 1).check()


def test_the_ending_may_take_all_of_the_time_and_a_twentieth_more():
    found = clock(minutes=2, spent=10)
    found.reserved = 40
    passing(found, 60)
    ending = found.ending()
    assert found.left == 10
    assert ending.seconds == 70
    assert ending.left == 120 + 6 - 70
    passing(found, 50)
    assert ending.left == 6
    with pytest.raises(TimeUp):
        passing(ending, 6).check()
    assert clock(evaluations=3).ending().left is None
