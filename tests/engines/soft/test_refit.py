"""The best start is trained once more, on what was held out as well."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from promptsearch.engines.soft import TrainingConfig
from promptsearch.engines.soft.checkpoint import Checkpoint
from promptsearch.engines.soft.course import Course
from promptsearch.engines.soft.learner import parameters_of
from promptsearch.engines.soft.starting import seeded, train
from promptsearch.engines.soft.training import Trainer
from tests.engines.soft.toys import Regression, points

CONFIG = TrainingConfig(steps=40, batch=6, look_every=5, save_every=7, restarts=2, patience=100)
POINTS, LESSON = points()


def make(restart: int) -> Regression:
    return Regression(POINTS, 3, dropout=0.3)


def told(steps: int) -> None:
    assert steps > 0


def after(count: int):
    """Says stop from the call of that number on."""
    calls = iter(range(10**9))
    return lambda: next(calls) >= count


def test_it_is_trained_from_its_start_for_as_many_steps_as_were_best():
    found = train(make, LESSON, CONFIG, 5, refit=told)
    plain = train(make, LESSON, CONFIG, 5)
    assert found.look == replace(plain.look, seconds=found.look.seconds)
    assert found.again is not None
    assert found.again.step == found.look.step > 0
    assert [course.step for course in found.courses] == [40, 40]
    whole = replace(LESSON, train=(*LESSON.train, *LESSON.held_out), held_out=())
    with seeded(5, found.look.restart):
        learner = make(found.look.restart)
        seed = (5, found.look.restart)
        Trainer(learner, whole, CONFIG, seed, Course(0), found.look.step).run()
    for name, value in parameters_of(found.learner).items():
        assert torch.equal(value, parameters_of(learner)[name])


def test_what_the_chosen_state_said_of_what_was_held_out_is_kept():
    found = train(make, LESSON, CONFIG, 5, refit=told)
    rows = list(LESSON.held_out)
    assert found.held_out is not None
    mean = float((LESSON.targets[rows] * found.held_out).sum() / len(rows))
    assert mean == pytest.approx(found.look.log_likelihood, abs=1e-5)
    right = int((found.held_out.argmax(axis=1) == np.array(LESSON.classes(rows))).sum())
    assert right == found.look.correct
    assert train(make, LESSON, CONFIG, 5).held_out is None


@pytest.mark.parametrize("killed_after", [9, 79, 81, 85, 90])
def test_a_stopped_run_ends_bit_for_bit_as_one_that_was_not(tmp_path, killed_after):
    whole = train(make, LESSON, CONFIG, 5, refit=told)
    checkpoint = Checkpoint(tmp_path / "state.safetensors", {"seed": 5})
    begun = train(make, LESSON, CONFIG, 5, stop=after(killed_after), checkpoint=checkpoint, refit=told)
    assert (begun.ending, begun.again) == ("stopped", None)
    gone_on = train(make, LESSON, CONFIG, 5, checkpoint=checkpoint, refit=told)
    assert gone_on.ending == whole.ending
    for name, value in parameters_of(gone_on.learner).items():
        assert torch.equal(value, parameters_of(whole.learner)[name])
    np.testing.assert_array_equal(gone_on.held_out, whole.held_out)


def test_a_start_that_no_step_makes_better_is_left_as_it_is():
    class Perfect(Regression):
        """Says from the start what training on wrong labels can only spoil."""

        def __init__(self) -> None:
            super().__init__(POINTS, 3)
            slow = train(lambda restart: Regression(POINTS, 3), LESSON.whole, replace(CONFIG, steps=400), 0)
            assert isinstance(slow.learner, Regression)
            self.layer.load_state_dict(slow.learner.layer.state_dict())

    targets = LESSON.targets.copy()
    targets[list(LESSON.train)] = np.roll(targets[list(LESSON.train)], 1, axis=1)
    found = train(lambda restart: Perfect(), replace(LESSON, targets=targets), CONFIG, 0, refit=told)
    assert (found.look.step, found.again, found.held_out) == (0, None, None)
