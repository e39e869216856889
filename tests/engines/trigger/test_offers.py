"""Which of the triggers of a search are offered for selection."""

from __future__ import annotations

from promptsearch.engines.trigger.history import Improvement, Swap
from promptsearch.engines.trigger.offers import best_so_far, offered


def found(ids: int, loss: float, step: int, template: str = "a") -> Improvement:
    """A trigger of one token that a step came to."""
    swaps = (Swap(0, "x", str(ids)),)
    return Improvement(template, ((ids,),), (str(ids),), loss, 0.5, step, 0, step * 10, float(step), swaps)


def start(ids: int, loss: float, kind: str = "words") -> Improvement:
    """One that a search started from."""
    return Improvement("a", ((ids,),), (str(ids),), loss, 0.5, 0, 0, ids, 0.0, start=kind)


COURSE = [start(1, 0.9), found(2, 0.7, 1), found(3, 0.8, 2), found(4, 0.5, 3), found(2, 0.7, 4)]


def test_improvements_are_those_better_than_all_before_on_their_template():
    other = found(9, 0.95, 5, "b")
    assert [each.ids for each in best_so_far([*COURSE, other])] == [((1,),), ((2,),), ((4,),), ((9,),)]


def test_the_best_are_offered_first_and_each_trigger_once():
    assert [each.loss for each in offered(COURSE, 16)] == [0.5, 0.7, 0.8, 0.9]
    assert len(offered(COURSE, 2)) == 2
    assert offered([], 16) == []


def test_half_of_what_is_offered_lies_on_the_way():
    course = [found(i, 1 - i / 100, i) for i in range(60)]
    chosen = offered(course, 8)
    assert [each.step for each in chosen] == [59, 58, 57, 56, 55, 37, 18, 0]


def test_words_that_were_started_from_are_offered_beside_better_triggers():
    starts = [start(i, 0.9 + i / 100) for i in range(6)]
    steps = [found(i, 0.8 - i / 100, i) for i in range(10, 40)]
    # The best half on train, the two best starts, and two on the way: the first and the last that are left.
    assert [each.ids[0][0] for each in offered([*starts, *steps], 8)] == [39, 38, 37, 36, 35, 10, 0, 1]


def test_random_starts_are_offered_only_where_they_are_good():
    course = [start(0, 0.9), start(1, 0.95, "random"), *(found(i, 0.8, i) for i in range(2, 9))]
    assert [each.ids[0][0] for each in offered(course, 8)] == [2, 3, 4, 5, 6, 7, 8, 0]
