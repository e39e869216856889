"""When a template leaves before all examples were spent on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from promptsearch.study.leaving import LEVEL, RIVALS, Leaders
from promptsearch.study.trial import Trial
from tests.study.trials import trial

MADE = trial("made")


def answering(right: np.ndarray) -> Trial:
    """A template that has these answers right, the first half of them on train."""
    half = len(right) // 2
    return replace(MADE, train_correct=right[:half], dev_correct=right[half:])


def first(n: int, of: int = 64) -> np.ndarray:
    return np.arange(of) < n


def test_the_first_leads_and_a_better_one_takes_its_place():
    leaders = Leaders()
    assert not leaders.leaves(0, answering(first(30)))
    assert not leaders.leaves(0, answering(first(40)))
    assert not leaders.leaves(0, answering(first(20)), protected=True)
    assert leaders.best[0].train_correct.sum() + leaders.best[0].dev_correct.sum() == 40


@pytest.mark.parametrize(
    ("worse_by", "rungs", "leaves"), [(10, 1, False), (11, 1, True), (11, 2, False), (12, 2, True)]
)
def test_the_level_is_split_over_rivals_and_rungs(worse_by, rungs, leaves):
    """Behind on m examples and ahead on none the exact test gives 2^-m, against 0.05 / (100 * rungs)."""
    assert (0.5**worse_by < LEVEL / (RIVALS * rungs)) == leaves
    leaders = Leaders(rungs)
    leaders.leaves(0, answering(first(50)))
    assert leaders.leaves(0, answering(first(50 - worse_by))) == leaves


def test_train_and_dev_count_together_and_rungs_apart():
    leaders = Leaders()
    leaders.leaves(0, answering(np.ones(64, bool)))
    # Six wrong on each of the two halves.
    assert leaders.leaves(0, answering((np.arange(64) % 32) >= 6))
    assert not leaders.leaves(1, answering((np.arange(64) % 32) >= 6))


def test_the_prompt_that_a_person_would_write_never_leaves():
    leaders = Leaders()
    leaders.leaves(0, answering(np.ones(64, bool)))
    assert leaders.leaves(0, answering(np.zeros(64, bool)))
    assert not leaders.leaves(0, answering(np.zeros(64, bool)), protected=True)


@pytest.mark.parametrize("shared", [0.0, 0.6])
def test_of_equal_templates_a_given_one_leaves_at_most_at_the_level(shared):
    """All are right on 75 %, on the same examples to a degree; two rungs; the given one comes anywhere."""
    draw = np.random.default_rng(0)
    searches, left = 200, 0
    for _ in range(searches):
        easy = draw.normal(size=256)
        scores = shared * easy + np.sqrt(1 - shared**2) * draw.normal(size=(40, 256)) + 0.6745
        leaders, given = Leaders(2), draw.integers(40)
        for number, right in enumerate(scores > 0):
            gone = leaders.leaves(0, answering(right[:64])) or leaders.leaves(1, answering(right))
            left += gone and number == given
    # Three standard errors above the bound.
    assert left / searches <= LEVEL + 3 * np.sqrt(LEVEL * (1 - LEVEL) / searches)
