"""What a PLM says about the answers of a prompt: word log-probabilities and calibrations fitted on them.

This is the one place where prompts, PLMs and scoring meet; search, evaluation and prediction all go
through it, so that a saved prompt gives the figures it was chosen for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptsearch.plms.base import PLM, AnswerScoring, AnswerStates
from promptsearch.scoring import (
    CALIBRATIONS,
    Calibration,
    VerbalizerLayout,
    fit_batch,
    fit_contextual,
    fit_none,
    fit_pmi,
    label_scores,
)
from promptsearch.tasks.task import Example
from promptsearch.template import Template

FloatArray = NDArray[np.floating]

CONTENT_FREE = ("N/A", "[MASK]", "")
"""Inputs without content, for contextual calibration (Zhao et al. 2021, section 4)."""


def content_free_examples(fields: Sequence[str]) -> list[Example]:
    """Examples whose fields all hold the same content-free text; the last has empty fields."""
    return [Example(dict.fromkeys(fields, text)) for text in CONTENT_FREE]


def word_log_probs(
    plm: PLM,
    template: Template,
    words: Sequence[str],
    examples: Sequence[Example],
    scoring: AnswerScoring,
    states: AnswerStates | None = None,
) -> FloatArray:
    """Log-probability of each answer for each example: (n, len(words)).

    Answers of one token are read off the answer states; only the others need passes of their own.

    Args:
        states: of these examples under this template, where they are at hand.

    Raises:
        VerbalizerError: an answer that the PLM's tokenizer cannot spell.
    """
    ids = plm.word_ids(template, words)
    single = [column for column, word in enumerate(ids) if len(word) == 1 and scoring.normalisation != "pmi"]
    several = [column for column in range(len(words)) if column not in set(single)]
    found = np.empty((len(examples), len(words)), dtype=np.float32)
    if single:
        states = plm.answer_states(template, examples) if states is None else states
        found[:, single] = plm.word_scores(states, [ids[column][0] for column in single])
    if several:
        answers = [words[column] for column in several]
        found[:, several] = plm.answer_log_probs(template, examples, answers, scoring)
    return found


@dataclass(frozen=True)
class CalibrationInputs:
    """Word log-probabilities that calibrations are fitted on, each (r, W).

    Attributes:
        unlabelled: of texts of the task, whose labels are not looked at.
        content_free: of `content_free_examples`.
        empty: of the example with empty fields.
    """

    unlabelled: FloatArray
    content_free: FloatArray
    empty: FloatArray

    @classmethod
    def split(cls, unlabelled: FloatArray, content_free: FloatArray) -> CalibrationInputs:
        """From the scores of `content_free_examples`, whose last one is empty."""
        return cls(unlabelled, content_free, content_free[-1:])

    def columns(self, chosen: Sequence[int]) -> CalibrationInputs:
        """The same for some of the words."""
        at = list(chosen)
        return CalibrationInputs(self.unlabelled[:, at], self.content_free[:, at], self.empty[:, at])


def fit_calibration(method: str, inputs: CalibrationInputs, layout: VerbalizerLayout) -> Calibration:
    """Fit one of `promptsearch.scoring.CALIBRATIONS`.

    Raises:
        OptionError: there is no such calibration.
    """
    if method == "contextual":
        return fit_contextual(label_scores(inputs.content_free, layout))
    if method == "pmi":
        return fit_pmi(inputs.empty)
    if method == "batch":
        return fit_batch(label_scores(inputs.unlabelled, layout))
    return fit_none() if method == "none" else Calibration(method)


def calibration_names() -> list[str]:
    """Names of all calibrations."""
    return list(CALIBRATIONS)
