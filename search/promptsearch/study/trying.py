"""Try candidates on one PLM: forward passes a template, everything else a combination."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.base import Candidate
from promptsearch.errors import TemplateError, VerbalizerError
from promptsearch.plms.base import PLM, AnswerScoring, AnswerStates
from promptsearch.readings import CalibrationInputs, content_free_examples, fit_calibration, word_log_probs
from promptsearch.scoring import apply, evaluate, layout, predict
from promptsearch.study.trial import Trial
from promptsearch.tasks.task import Example, Task, gold
from promptsearch.template import Template

# Templates that go through the model together: few, so that progress is seen and an interrupted run keeps
# something, but on a PLM that reads left to right enough to share their left parts.
BLOCK = {"masked": 4, "causal": 16}


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
        for template, states in _states(plm, templates[start : start + size], examples):
            if isinstance(states, TemplateError):
                for candidate in by_template[template]:
                    rejected(Rejected(candidate, states.message))
                continue
            trials = _TemplateTrials(task, plm, template, states, scoring)
            yield trials.of(by_template[template], calibrations, rejected)


def _states(
    plm: PLM, templates: Sequence[Template], examples: Sequence[Example]
) -> Iterator[tuple[Template, AnswerStates | TemplateError]]:
    """Answer states of each template, or why the PLM cannot read it."""
    try:
        yield from zip(templates, plm.answer_states_of(templates, examples))
    except TemplateError as error:
        # One of them is at fault; the others must not go with it.
        if len(templates) == 1:
            yield templates[0], error
        else:
            for template in templates:
                yield from _states(plm, [template], examples)


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
            short = [c for c in spelled if self._lengths(c.verbalizer.words) == {1}]
            for candidate in spelled:
                if candidate not in short:
                    rejected(Rejected(candidate, error.message))
            return self._of_spelled(short, calibrations)

    def _of_spelled(self, candidates: Sequence[Candidate], calibrations: Sequence[str]) -> list[Trial]:
        words = list(dict.fromkeys(word for candidate in candidates for word in candidate.verbalizer.words))
        if not words:
            return []
        examples = [*self.task.train, *self.task.dev, *content_free_examples(self.task.fields)]
        scores = word_log_probs(self.plm, self.template, words, examples, self.scoring, self.states)
        trials: list[Trial] = []
        for candidate in candidates:
            chosen = [words.index(word) for word in candidate.verbalizer.words]
            passes = self._passes(candidate.verbalizer.words)
            trials += self._of_candidate(candidate, scores[:, chosen], calibrations, passes)
        return trials

    def _lengths(self, words: Sequence[str]) -> set[int]:
        """Numbers of tokens that answers have."""
        return {len(ids) for ids in self.plm.word_ids(self.template, words)}

    def _passes(self, words: Sequence[str]) -> int:
        """Forward passes for one prediction.

        A masked PLM reads answers of equal length at the same masks; a causal one reads those of several
        tokens as one tree, and those of one token off the prompt's own states.
        """
        lengths = self._lengths(words)
        if self.plm.identity.family == "masked":
            return len(lengths)
        return 1 if self.scoring.normalisation == "pmi" else (1 in lengths) + (max(lengths) > 1)

    def _can_spell(self, candidate: Candidate, rejected: Callable[[Rejected], None]) -> bool:
        try:
            self.plm.word_ids(self.template, candidate.verbalizer.words)
        except VerbalizerError as error:
            rejected(Rejected(candidate, error.message))
            return False
        return True

    def _of_candidate(
        self, candidate: Candidate, scores: NDArray[np.floating], calibrations: Sequence[str], passes: int
    ) -> list[Trial]:
        task, words = self.task, candidate.verbalizer.words
        place = layout(candidate.verbalizer, words)
        n_train, n_dev = len(task.train), len(task.dev)
        train, dev, free = np.split(scores, [n_train, n_train + n_dev])
        inputs = CalibrationInputs.split(train, free)
        train_gold, dev_gold = gold(task.train), gold(task.dev)
        found: list[Trial] = []
        # The manual prompt as a person would use it stands beside every result, whatever is searched.
        plain = ["none"] if candidate.baseline and "none" not in calibrations else []
        for method in [*plain, *calibrations]:
            calibration = fit_calibration(method, inputs, place)
            on_dev = apply(calibration, dev, place)
            found.append(
                Trial(
                    plm=self.plm.identity.reference,
                    candidate=candidate,
                    calibration=calibration,
                    scoring=self.scoring,
                    words=words,
                    train=evaluate(apply(calibration, train, place), train_gold),
                    dev=evaluate(on_dev, dev_gold),
                    tokens=float(self.states.tokens[: n_train + n_dev].mean()),
                    passes=passes,
                    dev_correct=predict(on_dev) == np.asarray(dev_gold),
                )
            )
        return found
