"""How much a prompt's answers hang on the letter of its wording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from promptsearch.errors import TemplateError
from promptsearch.plms.base import PLM, AnswerStates
from promptsearch.readings import states_of_each
from promptsearch.scoring import Evaluation, evaluate, predict
from promptsearch.soft import SoftTemplate, SoftVectors
from promptsearch.study.rescoring import Readings, Recipe
from promptsearch.study.rewording import Rewording, rewordings
from promptsearch.study.trial import Trial
from promptsearch.tasks.task import Example, Task, gold
from promptsearch.template import Soft, Template
from promptsearch.verbalizer import Verbalizer


@dataclass(frozen=True)
class Varied:
    """A prompt under a small change.

    Attributes:
        change: what was changed, in words.
        evaluation: figures on dev; None where the PLM cannot read it.
        flips: share of dev answers that differ from those of the prompt as it is; None likewise.
        control: whether the template is the same, so that no answer may differ.
    """

    change: str
    template: Template
    evaluation: Evaluation | None
    flips: float | None
    control: bool = False


def sensitivity(
    plm: PLM, trial: Trial, task: Task, texts: Sequence[Example] | None = None
) -> tuple[Varied, ...]:
    """A trial's prompt under the changes of `rewordings`, on dev.

    The calibration is fitted anew for each wording, on the same texts; one that needs labels stays as it is,
    and so does a readout. What comes last is no change of the wording but a control: the labels listed in
    reverse order, which must give the same answers. There is none where a readout or a learned calibration
    holds the labels' order.

    Args:
        texts: unlabelled texts to calibrate on, where the trial's calibration was fitted on more than train.

    Raises:
        TemplateError: the PLM cannot read the prompt as it is.
    """
    readings, recipe = Readings.of(task, texts), Recipe.of(trial)
    template = trial.candidate.template
    changed = _reworded(template, recipe.verbalizer.words)
    read = states_of_each(plm, [template, *(each.template for each in changed)], readings.examples)
    _, states = next(read)
    if isinstance(states, TemplateError):
        raise states
    # The trial's own calibration may rest on other texts; only the wording may make the difference.
    original = readings.dev_log_probs(plm, template, recipe, states)
    if original is None:
        raise ValueError("the trial is not one of this PLM")
    answers, labels = predict(original), gold(task.dev)
    found = [
        _Read(each.change, wording, _log_probs(plm, readings, wording, recipe, its_states))
        for each, (wording, its_states) in zip(changed, read)
    ]
    found += _control(plm, readings, template, recipe, states)
    return tuple(each.against(answers, labels) for each in found)


def _reworded(template: Template, words: Sequence[str]) -> tuple[Rewording, ...]:
    """Changes of the words; soft tokens stay as they are."""
    if not isinstance(template, SoftTemplate):
        return rewordings(template, words)
    found = rewordings(template.unfilled, words)
    return tuple(replace(each, template=_with_vectors(each.template, template.vectors)) for each in found)


def _with_vectors(template: Template, vectors: SoftVectors) -> SoftTemplate:
    """The template with vectors in its places; words that they started from may have other tokens here."""
    sizes = iter(vectors.groups)
    pieces = [Soft(count=next(sizes)) if isinstance(piece, Soft) else piece for piece in template.pieces]
    return SoftTemplate(tuple(pieces), vectors)


@dataclass(frozen=True)
class _Read:
    """What came of a change: label log-probabilities on dev (n_dev, L), or None."""

    change: str
    template: Template
    log_probs: NDArray[np.float64] | None
    control: bool = False

    def against(self, answers: NDArray[np.int64], labels: Sequence[int]) -> Varied:
        if self.log_probs is None:
            return Varied(self.change, self.template, None, None, self.control)
        flips = float((predict(self.log_probs) != answers).mean())
        return Varied(self.change, self.template, evaluate(self.log_probs, labels), flips, self.control)


def _log_probs(
    plm: PLM, readings: Readings, template: Template, recipe: Recipe, states: AnswerStates | TemplateError
) -> NDArray[np.float64] | None:
    if isinstance(states, TemplateError):
        return None
    return readings.dev_log_probs(plm, template, recipe, states)


def _control(
    plm: PLM, readings: Readings, template: Template, recipe: Recipe, states: AnswerStates
) -> list[_Read]:
    """The prompt with its labels listed in reverse order, where nothing holds that order."""
    if recipe.readout is not None or not isinstance(recipe.calibration, str):
        return []
    given = recipe.verbalizer
    reverse = Verbalizer(given.labels[::-1], given.answers[::-1], given.aggregation, given.case)
    log_probs = readings.dev_log_probs(plm, template, replace(recipe, verbalizer=reverse), states)
    back = None if log_probs is None else log_probs[:, ::-1]
    return [_Read("labels listed in reverse order", template, back, control=True)]
