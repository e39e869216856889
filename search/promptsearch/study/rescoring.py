"""A prompt read once more, in other words or by another PLM, with its calibration fitted for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptsearch.errors import TemplateError, VerbalizerError
from promptsearch.plms.base import PLM, AnswerScoring, AnswerStates
from promptsearch.readings import (
    CalibrationInputs,
    calibration_names,
    content_free_examples,
    fit_calibration,
    read_labels,
    word_log_probs,
)
from promptsearch.scoring import Calibration, Readout, layout
from promptsearch.study.trial import Trial
from promptsearch.tasks.task import Example, Task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer


@dataclass(frozen=True)
class Recipe:
    """All of a prompt but its template and PLM.

    Attributes:
        calibration: as it stands, or the method by which to fit one on unlabelled texts.
    """

    verbalizer: Verbalizer
    calibration: Calibration | str
    scoring: AnswerScoring
    readout: Readout | None = None

    @classmethod
    def of(cls, trial: Trial) -> Recipe:
        """Of a trial; a calibration that needs labels stays as it is, any other is fitted anew."""
        method = trial.calibration.method
        calibration = method if method in calibration_names() else trial.calibration
        return cls(trial.candidate.verbalizer, calibration, trial.scoring, trial.candidate.readout)


@dataclass(frozen=True)
class Readings:
    """The examples of a task that a prompt is read on: unlabelled texts to calibrate on, then dev."""

    texts: tuple[Example, ...]
    dev: tuple[Example, ...]
    content_free: tuple[Example, ...]

    @classmethod
    def of(cls, task: Task, texts: Sequence[Example] | None = None) -> Readings:
        """Of a task whose splits are drawn; the texts are those of train where none are given."""
        free = content_free_examples(task.fields)
        return cls(tuple(task.train if texts is None else texts), tuple(task.dev), tuple(free))

    @property
    def examples(self) -> list[Example]:
        """All of them, in the order of the rows of their states."""
        return [*self.texts, *self.dev, *self.content_free]

    def dev_log_probs(
        self, plm: PLM, template: Template, recipe: Recipe, states: AnswerStates
    ) -> NDArray[np.float64] | None:
        """Label log-probabilities on dev (n_dev, L); None where the PLM cannot read or spell the prompt.

        Args:
            states: of `examples` under the template.
        """
        verbalizer, readout = recipe.verbalizer, recipe.readout
        place = layout(verbalizer, verbalizer.words)
        dev = slice(len(self.texts), len(self.texts) + len(self.dev))
        if readout is not None and not readout.uses_words:
            return read_labels(None, place, Calibration(), states, readout)[dev]
        try:
            scores = word_log_probs(
                plm, template, verbalizer.words, self.examples, recipe.scoring, states, verbalizer.case
            )
        except (TemplateError, VerbalizerError):
            return None
        calibration = recipe.calibration
        if isinstance(calibration, str):
            inputs = CalibrationInputs.split(scores[: dev.start], scores[dev.stop :])
            calibration = fit_calibration(calibration, inputs, place)
        return read_labels(scores, place, calibration, states, readout)[dev]
