"""Which of the triggers of a search are offered for selection."""

from __future__ import annotations

from promptsearch.engines.trigger.history import Improvement, Swap
from promptsearch.engines.trigger.offers import offered


def found(number: int, loss: float, start: str = "words", swapped: bool = True) -> Improvement:
    """A trigger of one token, with that loss."""
    swaps = (Swap(0, "a", "b"),) if swapped else ()
    return Improvement("t", ((number,),), ("b",), loss, 0.5, number, 0, number, 0.0, swaps, start)


def test_words_that_were_started_from_are_offered_beside_better_triggers() -> None:
    starts = [found(i, 0.9 + i / 100, swapped=False) for i in range(6)]
    steps = [found(i, 0.8 - i / 100) for i in range(10, 40)]
    chosen = offered([*starts, *steps], 8)
    assert len(chosen) == 8
    assert [each for each in chosen if not each.swaps] == starts[:2]
    # The best half on train, and two on the way there: the first and the last that are not among them.
    assert [each.ids[0][0] for each in chosen] == [39, 38, 37, 36, 35, 10, 0, 1]


def test_random_starts_are_offered_only_where_they_are_good() -> None:
    course = [found(0, 0.9), found(1, 0.95, "random", swapped=False), *(found(i, 0.8) for i in range(2, 9))]
    assert all(each.start == "words" for each in offered(course, 8))


def test_fewer_than_may_be_offered_are_all_offered_once() -> None:
    course = [found(0, 0.9, swapped=False), found(1, 0.8), found(1, 0.8), found(2, 0.85)]
    assert [each.ids[0][0] for each in offered(course, 8)] == [1, 2, 0]
