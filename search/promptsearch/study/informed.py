"""Candidates judged without labels: by how much their answers tell about the texts.

Judged is what the PLM says by itself; the calibration only moves where one label ends and the next begins.
After a calibration that makes all labels equally frequent, mutual information is little more than how sure
the answers are. Measured on SST-2, AG News, Subj and RTE with minilm-mlm and on SST-2 and Subj with
smollm2-135m (the best of random halves of 39 to 246 prompts; 80 to 200 texts, 150 to 400 test examples):
chosen by the mutual information of plain probabilities, then calibrated by `prior-batch`, prompts have 73.0 %
accuracy on average; chosen by that after `batch` or after `prior-batch`, 71.7 %; uncalibrated in choice and
answer, 69.8 %. The mean prompt under `batch` has 65.2 %, the best of the halves 76.6 %.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.base import Candidate
from promptsearch.errors import TemplateError, VerbalizerError
from promptsearch.plms.base import PLM, AnswerScoring, AnswerStates
from promptsearch.readings import (
    CalibrationInputs,
    content_free_examples,
    fit_calibration,
    read_labels,
    states_of_each,
    word_log_probs,
)
from promptsearch.scoring import Calibration, fit_none, layout
from promptsearch.scoring.information import Information, information
from promptsearch.study.trying import BLOCK, Rejected
from promptsearch.tasks.task import Task
from promptsearch.template import Template


@dataclass(frozen=True)
class Informed:
    """A combination of PLM, template, label words and calibration, and how much its answers tell.

    Attributes:
        plm: reference of the PLM.
        information: mutual information of texts and answers, in nats, uncalibrated; by this it is judged.
        calibrated: the same after the calibration.
        log_probs: (n, L) label log-probabilities of the texts, uncalibrated.
        tokens: mean prompt length, in tokens.
    """

    plm: str
    candidate: Candidate
    calibration: Calibration
    information: Information
    calibrated: Information
    tokens: float
    log_probs: NDArray[np.float64] = field(compare=False, repr=False)

    @property
    def is_baseline(self) -> bool:
        """Whether this is the prompt a person would write first, uncalibrated."""
        return self.candidate.baseline and self.calibration.method == "none"

    def record(self, metric: str) -> dict[str, Any]:
        """One line of `candidates.jsonl`; nothing was measured, so there is no figure of the metric."""
        found, verbalizer = self.information, self.candidate.verbalizer
        return {
            "plm": self.plm,
            "template": str(self.candidate.template),
            "answers": [
                {"label": label, "words": {answer.text: answer.weight for answer in answers}}
                for label, answers in zip(verbalizer.labels, verbalizer.answers)
            ],
            "aggregation": verbalizer.aggregation,
            "calibration": self.calibration.method,
            "engine": self.candidate.engine,
            "provenance": dict(self.candidate.provenance),
            "baseline": self.is_baseline,
            "tokens": round(self.tokens, 2),
            "mutual_information": {
                "n": found.n,
                "value": found.value,
                "interval": [found.low, found.high],
                "marginal_entropy": found.marginal_entropy,
                "conditional_entropy": found.conditional_entropy,
                "unscored": found.unscored,
                "calibrated": self.calibrated.value,
            },
        }


def inform(
    task: Task,
    plm: PLM,
    candidates: Sequence[Candidate],
    calibrations: Sequence[str],
    scoring: AnswerScoring,
    rejected: Callable[[Rejected], None],
) -> Iterator[list[Informed]]:
    """Every candidate under every calibration, on the texts of train; a template's at a time.

    Calibrations are fitted on the same texts. Labels are not looked at.
    """
    by_template: dict[Template, list[Candidate]] = {}
    for candidate in candidates:
        by_template.setdefault(candidate.template, []).append(candidate)
    templates = list(by_template)
    examples = [*task.train, *content_free_examples(task.fields)]
    size = BLOCK[plm.identity.family]
    for start in range(0, len(templates), size):
        for template, states in states_of_each(plm, templates[start : start + size], examples):
            reading = _Reading(task, plm, scoring, calibrations)
            found: list[Informed] = []
            for candidate in by_template[template]:
                try:
                    if isinstance(states, TemplateError):
                        raise states
                    found += reading.of(candidate, states)
                except (TemplateError, VerbalizerError) as error:
                    rejected(Rejected(candidate, error.message))
            yield found


@dataclass(frozen=True)
class _Reading:
    """How a PLM answers, and what is made of it."""

    task: Task
    plm: PLM
    scoring: AnswerScoring
    calibrations: Sequence[str]

    def of(self, candidate: Candidate, states: AnswerStates) -> list[Informed]:
        """The candidate under each calibration.

        Raises:
            TemplateError, VerbalizerError: the PLM cannot read it, or none of the texts can be scored.
        """
        examples = [*self.task.train, *content_free_examples(self.task.fields)]
        verbalizer, n = candidate.verbalizer, len(self.task.train)
        scores = word_log_probs(
            self.plm, candidate.template, verbalizer.words, examples, self.scoring, states, verbalizer.case
        )
        inputs = CalibrationInputs.split(scores[:n], scores[n:])
        place = layout(verbalizer, verbalizer.words)
        plain = read_labels(scores, place, fit_none(), states, candidate.readout)[:n]
        reference, tokens = self.plm.identity.reference, float(states.tokens[:n].mean())
        found = []
        for calibration in self._fitted(candidate, inputs):
            calibrated = read_labels(scores, place, calibration, states, candidate.readout)[:n]
            # A word that is impossible without a text leaves nothing to divide by.
            if _scored(plain) and _scored(calibrated):
                told = information(plain), information(calibrated)
                found.append(Informed(reference, candidate, calibration, *told, tokens, plain))
        if not found:
            raise VerbalizerError("no text can be scored with these label words", where=str(verbalizer))
        return found

    def _fitted(self, candidate: Candidate, inputs: CalibrationInputs) -> list[Calibration]:
        if candidate.calibration is not None:
            return [candidate.calibration]
        if candidate.readout is not None and not candidate.readout.uses_words:
            return [fit_none()]
        # The manual prompt as a person would use it stands beside every result.
        plain = ["none"] if candidate.baseline and "none" not in self.calibrations else []
        place = layout(candidate.verbalizer, candidate.verbalizer.words)
        return [fit_calibration(method, inputs, place) for method in [*plain, *self.calibrations]]


def _scored(log_probs: NDArray[np.float64]) -> bool:
    """Whether some text could be scored."""
    return bool((~np.isnan(log_probs).any(axis=1)).any())


def ranked(found: Sequence[Informed]) -> list[Informed]:
    """The most telling first; combinations found twice come once.

    Of those that differ in the calibration alone, the one that is more telling after it comes first, then the
    shorter prompt. A text that cannot be scored tells nothing.
    """
    distinct: dict[object, Informed] = {}
    for each in found:
        candidate = each.candidate
        key = each.plm, candidate.template, candidate.verbalizer, each.calibration, id(candidate.readout)
        distinct.setdefault(key, each)
    return sorted(
        distinct.values(),
        key=lambda each: (-each.information.per_text, -each.calibrated.per_text, each.tokens),
    )
