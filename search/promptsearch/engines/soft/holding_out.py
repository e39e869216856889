"""Soft tokens of one template learned on train alone, parts of which are held out in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from promptsearch.engines.soft.course import Course, Look
from promptsearch.engines.soft.problem import SoftProblem
from promptsearch.engines.soft.prompt_learner import PromptLearner
from promptsearch.engines.soft.starting import Trained, folds_of, train
from promptsearch.engines.soft.training import Ending, Report
from promptsearch.soft import SoftTemplate


@dataclass(frozen=True)
class Learned:
    """Soft tokens that have been learned.

    Attributes:
        template: with the vectors; the network that gave them is folded away.
        steps: updates that they had.
        log_likelihood: held out, at so many steps, mean over `n` examples; None where nothing was held out.
        correct, n: how many of how many held-out examples were right.
        loss: mean train loss of the last steps before; None where there was no step.
        courses: of all starts.
        ending: why the last of them ended.
    """

    template: SoftTemplate
    steps: int
    log_likelihood: float | None
    correct: int
    n: int
    loss: float | None
    courses: tuple[Course, ...]
    ending: Ending

    @property
    def numbers(self) -> int:
        """How many numbers have to be stored."""
        return self.template.vectors.array.size

    @property
    def seconds(self) -> float:
        """Time of the steps of all starts."""
        return sum(course.seconds for course in self.courses)


def learn(
    problem: SoftProblem,
    *,
    stop: Callable[[int, int], bool] = lambda part, parts: False,
    report: Report | None = None,
    restart: int = 0,
) -> Learned:
    """Learn on all examples, for as many steps as do best where parts of them are held out in turn.

    The steps are those with the best mean log-likelihood over all parts. Where a class has a single example
    nothing can be held out, and all steps are done.

    Args:
        stop: asked after each step, with the number of the run and of how many; the last one trains on all.
        restart: which start, see `SoftProblem.learner`.

    Raises:
        DataError: fewer examples than labels, or only one class.
        TrainingError: a loss is no number.
    """
    rows = range(len(problem.examples))
    folds = folds_of(problem.lesson(rows).classes(rows), problem.config.folds, problem.seed)
    count = max(folds) + 1 if max(folds) else 0
    courses: list[Course] = []
    for fold in range(count):
        inside = [row for row in rows if folds[row] != fold]
        outside = [row for row in rows if folds[row] == fold]
        found = _once(problem, inside, outside, restart, partial(stop, fold, count + 1), report)
        courses += found.courses
    looks = pooled(courses)
    best = max(looks, key=lambda look: look.log_likelihood, default=None)
    steps = problem.config.training.steps if best is None else best.step
    found = _once(problem, rows, (), restart, partial(stop, count, count + 1), None, steps)
    courses += found.courses
    return Learned(
        _folded(problem, found),
        found.courses[-1].step,
        best.log_likelihood if best else None,
        best.correct if best else 0,
        best.n if best else 0,
        best.loss if best else None,
        tuple(courses),
        found.ending,
    )


def pooled(courses: Sequence[Course]) -> list[Look]:
    """Looks of several courses at the same steps as one, over all that was held out; as far as all went."""
    together = zip(*(course.looks for course in courses))
    same = takewhile(lambda looks: len({look.step for look in looks}) == 1, together)
    return [_together(looks) for looks in same]


def _together(looks: Sequence[Look]) -> Look:
    n = sum(look.n for look in looks)
    losses = [look.loss for look in looks if look.loss is not None]
    return Look(
        restart=looks[0].restart,
        step=looks[0].step,
        loss=sum(losses) / len(losses) if losses else None,
        log_likelihood=sum(look.log_likelihood * look.n for look in looks) / n,
        correct=sum(look.correct for look in looks),
        n=n,
        seconds=sum(look.seconds for look in looks),
    )


def _once(
    problem: SoftProblem,
    training: Sequence[int],
    held_out: Sequence[int],
    restart: int,
    stop: Callable[[], bool],
    report: Report | None,
    until: int | None = None,
) -> Trained:
    """One start, as number `restart` of the problem."""
    return train(
        lambda _: problem.learner(restart),
        problem.lesson(training, held_out),
        problem.config.training.single,
        problem.seed + restart,
        stop=stop,
        report=report,
        until=until,
    )


def _folded(problem: SoftProblem, found: Trained) -> SoftTemplate:
    learner = found.learner
    assert isinstance(learner, PromptLearner)
    return SoftTemplate.of(problem.template, learner.soft_vectors())
