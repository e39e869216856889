import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from promptsearch.engines.soft import TrainingConfig
from promptsearch.engines.soft.checkpoint import Checkpoint
from promptsearch.engines.soft.course import Course, Lesson
from promptsearch.engines.soft.learner import load_parameters, parameters_of
from promptsearch.engines.soft.starting import folds_of, train
from promptsearch.engines.soft.training import Trainer, rate_factor
from promptsearch.errors import DataError, OptionError, StorageError, TrainingError
from promptsearch.tasks.task import Example
from tests.engines.soft.toys import Regression, points

CONFIG = TrainingConfig(steps=40, batch=6, look_every=5, save_every=7, restarts=2, patience=100)
POINTS, LESSON = points()


def regression(restart: int = 0, **options) -> Regression:
    torch.manual_seed(restart)
    return Regression(POINTS, 3, **options)


def after(count: int):
    """Says stop from the call of that number on."""
    calls = iter(range(10**9))
    return lambda: next(calls) >= count


def test_rates_rise_and_fall_to_nothing():
    factors = [rate_factor(step, 20, 0.1) for step in range(21)]
    assert factors[0] == pytest.approx(1 / 3)
    assert factors[2] == pytest.approx(0.9)
    assert factors[2:] == sorted(factors[2:], reverse=True)
    assert factors[20] == 0.0
    assert rate_factor(0, 20, 0.0) == 1.0


def test_a_step_is_that_of_adamw_on_the_mean_loss():
    """Parts of a batch add up, groups have their own rate and decay, gradients are clipped."""
    config = replace(CONFIG, steps=3, warm_up=0.0, clip=0.05)
    learner, slow = regression(part=2), regression()
    rows = []
    trainer = Trainer(learner, LESSON, config, (4,), Course(0))
    for step in range(3):
        rows.append(trainer._batches.of(step))
    trainer.run()
    optimizer = torch.optim.AdamW(
        [
            {"params": [slow.layer.weight], "lr": 0.1, "weight_decay": 0.0},
            {"params": [slow.layer.bias], "lr": 0.01, "weight_decay": 0.5},
        ]
    )
    for step, chosen in enumerate(rows):
        for group, rate in zip(optimizer.param_groups, (0.1, 0.01)):
            group["lr"] = rate * (1 - step / 3)
        optimizer.zero_grad()
        gold = torch.from_numpy(LESSON.targets[chosen].argmax(axis=1))
        torch.nn.functional.cross_entropy(slow.layer(POINTS[chosen]), gold).backward()
        for parameter in slow.layer.parameters():
            assert parameter.grad is not None
            parameter.grad *= min(1.0, 0.05 / float(parameter.grad.norm()))
        optimizer.step()
    for name, value in parameters_of(learner).items():
        torch.testing.assert_close(value, parameters_of(slow)[name], atol=1e-6, rtol=0)


def test_targets_may_be_distributions():
    """Points that say nothing: the best answer is the mean target, each class weighing the same."""
    targets = np.array([[0.7, 0.3], [0.7, 0.3], [0.7, 0.3], [0.2, 0.8]], dtype=np.float32)
    learner = Regression(torch.zeros(4, 2), 2)
    config = replace(CONFIG, steps=600, batch=4)
    learner._groups[1] = replace(learner._groups[1], rate=0.05, decay=0.0)
    Trainer(learner, Lesson(targets, (0, 1, 2, 3)), config, (0,), Course(0)).run()
    torch.testing.assert_close(learner.log_probs([0]).exp(), torch.tensor([[0.45, 0.55]]), atol=1e-3, rtol=0)


def test_the_best_look_is_kept():
    learner = regression(rate=2.0)
    course = Course(0)
    trainer = Trainer(learner, LESSON, CONFIG, (0,), course)
    states = []
    trainer.run(report=lambda look: states.append({k: v.clone() for k, v in parameters_of(learner).items()}))
    likelihoods = [look.log_likelihood for look in course.looks]
    assert [look.step for look in course.looks] == list(range(0, 41, 5))
    assert course.best == int(np.argmax(likelihoods))
    for name, value in trainer.best().items():
        assert torch.equal(value, states[course.best][name])
    load_parameters(learner, trainer.best())
    expected = -torch.nn.functional.nll_loss(
        learner.log_probs(LESSON.held_out), torch.tensor(LESSON.classes(LESSON.held_out))
    )
    assert max(likelihoods) == pytest.approx(float(expected.detach()), abs=1e-6)


def test_looks_count_what_is_right():
    looks = []
    train(regression, LESSON, replace(CONFIG, restarts=1), 0, report=looks.append)
    assert looks[0].loss is None
    assert looks[1].loss > looks[-1].loss > 0
    assert looks[-1].correct == looks[-1].n == 9
    assert looks[-1].accuracy == 1.0
    assert looks[-1].interval.low < 0.75


def test_training_ends_when_nothing_gets_better():
    course = Course(0)
    # At this rate nothing moves but rounding, so the first look stays the best or is passed by little.
    config = replace(CONFIG, steps=400, patience=3)
    trainer = Trainer(regression(rate=20.0), LESSON, config, (0,), course)
    assert trainer.run() == "patience"
    assert course.best is not None
    assert len(course.looks) == course.best + 4


def test_without_anything_held_out_all_steps_are_done():
    lesson = Lesson(LESSON.targets, LESSON.train)
    found = train(regression, lesson, CONFIG, 0)
    assert (found.ending, found.look, [course.step for course in found.courses]) == ("steps", None, [40])
    shorter = train(regression, lesson, CONFIG, 0, until=12)
    assert [course.step for course in shorter.courses] == [12]


def test_the_best_start_is_kept():
    found = train(regression, LESSON, CONFIG, 0)
    bests = [course.best_look for course in found.courses]
    assert len(bests) == 2
    assert found.look == max(bests, key=lambda look: look.log_likelihood)
    trainer = Trainer(regression(found.look.restart), LESSON, CONFIG, (0, found.look.restart), Course(0))
    trainer.run()
    for name, value in parameters_of(found.learner).items():
        assert torch.equal(value, trainer.best()[name])


@pytest.mark.parametrize("killed_after", [1, 9, 40, 45, 70])
def test_a_killed_run_ends_bit_for_bit_as_one_that_was_not(tmp_path, killed_after):
    def make(restart: int) -> Regression:
        return Regression(POINTS, 3, dropout=0.3)

    whole = train(make, LESSON, CONFIG, 5)
    checkpoint = Checkpoint(tmp_path / "state.safetensors", {"seed": 5})
    begun = train(make, LESSON, CONFIG, 5, stop=after(killed_after), checkpoint=checkpoint)
    assert begun.ending == "stopped"
    assert sum(course.step for course in begun.courses) < 80
    gone_on = train(make, LESSON, CONFIG, 5, checkpoint=checkpoint)
    for name, value in parameters_of(gone_on.learner).items():
        assert torch.equal(value, parameters_of(whole.learner)[name])
    timeless = [
        [[replace(look, seconds=0) for look in course.looks] for course in found.courses]
        for found in (whole, gone_on)
    ]
    assert timeless[0] == timeless[1]


def test_a_run_that_was_killed_goes_on_from_its_last_save(tmp_path):
    """Not stopped but killed: what was done since the last save is done again."""

    class Killed(Exception):
        pass

    def kill(look) -> None:
        if look.restart == 1 and look.step == 20:
            raise Killed

    def make(restart: int) -> Regression:
        return Regression(POINTS, 3, dropout=0.3)

    checkpoint = Checkpoint(tmp_path / "state.safetensors", {})
    with pytest.raises(Killed):
        train(make, LESSON, CONFIG, 5, report=kill, checkpoint=checkpoint)
    gone_on = train(make, LESSON, CONFIG, 5, checkpoint=checkpoint)
    whole = train(make, LESSON, CONFIG, 5)
    for name, value in parameters_of(gone_on.learner).items():
        assert torch.equal(value, parameters_of(whole.learner)[name])


@pytest.mark.parametrize("ending", ["steps", "patience"])
def test_a_run_stopped_between_two_starts_goes_on_with_the_second(tmp_path, ending):
    """Before the first save, too: steps that are done are not done again."""
    config = replace(CONFIG, save_every=1000, patience=100 if ending == "steps" else 2)

    def make(restart: int) -> Regression:
        return regression(restart, rate=0.1 if ending == "steps" else 20.0)

    whole = train(make, LESSON, config, 5)
    first = whole.courses[0].step
    checkpoint = Checkpoint(tmp_path / "state.safetensors", {})
    begun = train(make, LESSON, config, 5, stop=after(first), checkpoint=checkpoint)
    assert (begun.ending, [course.step for course in begun.courses]) == ("stopped", [first])
    looks = []
    gone_on = train(make, LESSON, config, 5, checkpoint=checkpoint, report=looks.append)
    assert {look.restart for look in looks} == {1}
    for name, value in parameters_of(gone_on.learner).items():
        assert torch.equal(value, parameters_of(whole.learner)[name])


def test_a_state_of_another_run_is_refused(tmp_path):
    path = tmp_path / "state.safetensors"
    train(regression, LESSON, CONFIG, 0, stop=after(3), checkpoint=Checkpoint(path, {"plm": "a", "seed": 1}))
    with pytest.raises(OptionError, match="differs in plm, rate"):
        train(regression, LESSON, CONFIG, 0, checkpoint=Checkpoint(path, {"plm": "b", "seed": 1, "rate": 2}))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(StorageError, match="cannot be read"):
        train(regression, LESSON, CONFIG, 0, checkpoint=Checkpoint(path, {"plm": "a", "seed": 1}))


class Broken(Regression):
    """Its loss is a number, its gradient none."""

    def log_probs(self, rows):
        return super().log_probs(rows) + (0 * self.layer.weight).sum().sqrt()


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda restart: regression(rate=math.nan), "the loss is nan at step 2"),
        (lambda restart: Broken(POINTS, 3), "the gradient is nan at step 1"),
    ],
)
def test_a_loss_that_is_no_number_stops_with_what_to_do(make, what):
    with pytest.raises(TrainingError, match=what) as caught:
        train(make, LESSON, CONFIG, 0)
    assert caught.value.hint == "Lower the learning rate (--rate), or take --dtype float32."


def test_held_out_examples_that_cannot_be_read_stop_it_too():
    """Else nothing would ever be better than the first look."""

    class Overflowing(Regression):
        def log_probs(self, rows):
            far = torch.tensor([row in LESSON.held_out for row in rows])
            return super().log_probs(rows).masked_fill(far[:, None], math.nan)

    with pytest.raises(TrainingError, match="the log-likelihood of what is held out is nan at step 0"):
        train(lambda restart: Overflowing(POINTS, 3), LESSON, CONFIG, 0)


def test_a_later_start_that_fails_leaves_the_best_so_far():
    found = train(lambda restart: regression(rate=math.nan if restart else 0.1), LESSON, CONFIG, 0)
    assert found.look is not None
    assert (found.look.restart, len(found.courses)) == (0, 2)


def test_too_few_examples():
    targets = np.eye(3, dtype=np.float32)
    with pytest.raises(DataError, match="there are 2 examples to train on, and 3 labels"):
        Lesson(targets, (0, 1))
    with pytest.raises(DataError, match="no label"):
        Lesson.of([Example({"text": "a"}, 0), Example({"text": "b"})], 2, (0, 1))


def test_folds_are_spread_over_classes():
    folds = folds_of([0] * 4 + [1] * 6, 2, seed=3)
    assert sorted(folds[:4]) == [0, 0, 1, 1]
    assert sorted(folds[4:]) == [0, 0, 0, 1, 1, 1]
    assert set(folds_of([0, 0, 0, 1], 2, seed=0)) == {0}


def test_mixed_precision_on_a_processor():
    pytest.importorskip("accelerate")
    found = train(regression, LESSON, replace(CONFIG, mixed="bf16", restarts=1), 0)
    assert found.look is not None
    assert found.look.correct == 9
