"""Try candidates on one PLM: forward passes a template, everything else a combination."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.base import Candidate
from promptsearch.errors import TemplateError, VerbalizerError
from promptsearch.plms.base import PLM, AnswerScoring, AnswerStates
from promptsearch.readings import (
    CalibrationInputs,
    answer_tokens,
    content_free_examples,
    fit_calibration,
    read_labels,
    states_of_each,
    word_log_probs,
)
from promptsearch.scoring import Calibration, VerbalizerLayout, evaluate, fit_none, layout, predict
from promptsearch.study.costs import answer_lengths, passes_of
from promptsearch.study.trial import Trial
from promptsearch.tasks.task import Task, gold
from promptsearch.template import Template
from promptsearch.verbalizer import Case, Verbalizer

# Templates that go through the model together: few, so that progress is seen and an interrupted run keeps
# something, but on a PLM that reads left to right enough to share their left parts.
BLOCK = {"masked": 4, "causal": 16, "seq2seq": 4}


@dataclass(frozen=True)
class Rejected:
    """A candidate that could not be tried on a PLM, and why."""

    candidate: Candidate
    reason: str


def try_candidates(
    task: Task,
    plm: PLM,
    candidates: Sequence[Candidate],
    calibrations: Sequence[str],
    scoring: AnswerScoring,
    rejected: Callable[[Rejected], None],
) -> Iterator[list[Trial]]:
    """Try every candidate under every calibration; yields the trials of one template at a time.

    Calibrations are fitted on train texts, whose labels they do not see.
    """
    by_template: dict[Template, list[Candidate]] = {}
    for candidate in candidates:
        by_template.setdefault(candidate.template, []).append(candidate)
    templates = list(by_template)
    examples = [*task.train, *task.dev, *content_free_examples(task.fields)]
    size = BLOCK[plm.identity.family]
    for start in range(0, len(templates), size):
        for template, states in states_of_each(plm, templates[start : start + size], examples):
            if isinstance(states, TemplateError):
                for candidate in by_template[template]:
                    rejected(Rejected(candidate, states.message))
                continue
            trials = _TemplateTrials(task, plm, template, states, scoring)
            yield trials.of(by_template[template], calibrations, rejected)


@dataclass(frozen=True)
class _TemplateTrials:
    """Trials of one template, whose forward passes are done."""

    task: Task
    plm: PLM
    template: Template
    states: AnswerStates
    scoring: AnswerScoring

    def of(
        self,
        candidates: Sequence[Candidate],
        calibrations: Sequence[str],
        rejected: Callable[[Rejected], None],
    ) -> list[Trial]:
        spelled = [candidate for candidate in candidates if self._can_spell(candidate, rejected)]
        try:
            return self._of_spelled(spelled, calibrations)
        except TemplateError as error:
            # A template that leaves room for an answer of one token may leave none for several.
            short = [c for c in spelled if self._lengths(c.verbalizer) == {1}]
            for candidate in spelled:
                if candidate not in short:
                    rejected(Rejected(candidate, error.message))
            return self._of_spelled(short, calibrations)

    def _of_spelled(self, candidates: Sequence[Candidate], calibrations: Sequence[str]) -> list[Trial]:
        examples = [*self.task.train, *self.task.dev, *content_free_examples(self.task.fields)]
        columns: dict[Case, dict[str, int]] = {}
        for candidate in candidates:
            known = columns.setdefault(candidate.verbalizer.case, {})
            for word in candidate.verbalizer.words:
                known.setdefault(word, len(known))
        scores = {
            case: word_log_probs(
                self.plm, self.template, list(words), examples, self.scoring, self.states, case
            )
            for case, words in columns.items()
        }
        trials: list[Trial] = []
        for candidate in candidates:
            verbalizer = candidate.verbalizer
            chosen = [columns[verbalizer.case][word] for word in verbalizer.words]
            trials += self._of_candidate(candidate, scores[verbalizer.case][:, chosen], calibrations)
        return trials

    def _lengths(self, verbalizer: Verbalizer) -> set[int]:
        """Numbers of tokens that answers have."""
        return answer_lengths(self.plm, self.template, verbalizer)

    def _passes(self, candidate: Candidate) -> int:
        """Forward passes for one prediction."""
        verbalizer, readout = candidate.verbalizer, candidate.readout
        return passes_of(self.plm, self.template, verbalizer, self.scoring, readout)

    def _can_spell(self, candidate: Candidate, rejected: Callable[[Rejected], None]) -> bool:
        try:
            answer_tokens(self.plm, self.template, candidate.verbalizer.words, candidate.verbalizer.case)
        except VerbalizerError as error:
            rejected(Rejected(candidate, error.message))
            return False
        return True

    def _of_candidate(
        self, candidate: Candidate, scores: NDArray[np.floating], calibrations: Sequence[str]
    ) -> list[Trial]:
        place = layout(candidate.verbalizer, candidate.verbalizer.words)
        n_train, n_dev = len(self.task.train), len(self.task.dev)
        train, _, free = np.split(scores, [n_train, n_train + n_dev])
        inputs = CalibrationInputs.split(train, free)
        return [
            self._trial(
                candidate,
                calibration,
                read_labels(scores, place, calibration, self.states, candidate.readout)[: n_train + n_dev],
            )
            for calibration in _calibrations(candidate, calibrations, inputs, place)
        ]

    def _trial(
        self, candidate: Candidate, calibration: Calibration, log_probs: NDArray[np.floating]
    ) -> Trial:
        """The trial whose label log-probabilities on train and dev these are."""
        task, n_train = self.task, len(self.task.train)
        train, dev = log_probs[:n_train], log_probs[n_train:]
        if candidate.train_log_probs is not None:
            train = candidate.train_log_probs
        return Trial(
            plm=self.plm.identity.reference,
            candidate=candidate,
            calibration=calibration,
            scoring=self.scoring,
            words=candidate.verbalizer.words,
            train=evaluate(train, gold(task.train)),
            dev=evaluate(dev, gold(task.dev)),
            tokens=float(self.states.tokens[: len(log_probs)].mean()),
            passes=self._passes(candidate),
            dev_correct=predict(dev) == np.asarray(gold(task.dev)),
            dev_predictions=predict(dev),
            dev_labels=np.asarray(gold(task.dev), dtype=np.int64),
            train_correct=predict(train) == np.asarray(gold(task.train)),
            train_likelihoods=of_gold(train, gold(task.train)),
            dev_likelihoods=of_gold(dev, gold(task.dev)),
        )


def of_gold(log_probs: NDArray[np.floating], labels: Sequence[int]) -> NDArray[np.float64]:
    """Log-probability of each example's true label (n,); that of a guess where it could not be scored."""
    found = np.asarray(log_probs, dtype=np.float64)[np.arange(len(labels)), list(labels)]
    return np.where(np.isnan(found), -np.log(log_probs.shape[1]), found)


def _calibrations(
    candidate: Candidate, methods: Sequence[str], inputs: CalibrationInputs, place: VerbalizerLayout
) -> list[Calibration]:
    """Those under which a candidate is tried."""
    if candidate.calibration is not None:
        return [candidate.calibration]
    if candidate.readout is not None and not candidate.readout.uses_words:
        return [fit_none()]
    # The manual prompt as a person would use it stands beside every result, whatever is searched.
    plain = ["none"] if candidate.baseline and "none" not in methods else []
    return [fit_calibration(method, inputs, place) for method in [*plain, *methods]]
