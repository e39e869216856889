"""Figures of the tuned prompt and of those beside it; test is scored once, when nothing is left to choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from promptsearch import decomposed
from promptsearch.decomposed import Decomposition
from promptsearch.plms.base import PLM, AnswerScoring
from promptsearch.prompt import Prompt
from promptsearch.readings import label_log_probs
from promptsearch.scoring import Evaluation, evaluate, fit_none, predict, told_apart
from promptsearch.study.evaluating import majority_evaluation, majority_of_test
from promptsearch.tasks.task import Example, Task, gold
from promptsearch.template import Template
from promptsearch.tuning.outcome import MANUAL, TUNED, UNTUNED, Compared
from promptsearch.tuning.subject import Subject
from promptsearch.verbalizer import Verbalizer

SCORING = AnswerScoring("token")


@dataclass(frozen=True)
class Beside:
    """A prompt that the tuned one will stand beside, with what the PLM said before it was trained."""

    role: str
    template: Template
    words: Verbalizer
    dev: NDArray[np.float64]
    test: NDArray[np.float64]

    @classmethod
    def read(
        cls,
        role: str,
        plm: PLM,
        template: Template,
        words: Verbalizer,
        task: Task,
        decomposition: Decomposition | None = None,
    ) -> Beside:
        """What the PLM says of dev and test, label by label where the task is asked so."""

        def said(examples: Sequence[Example]) -> NDArray[np.float64]:
            if not examples:
                return np.zeros((0, len(task.labels)))
            if decomposition is not None:
                questions = decomposition.questions(template, words)
                return decomposed.label_log_probs(plm, questions, decomposition.answers, examples)
            return label_log_probs(plm, template, words, fit_none(), SCORING, examples)

        return cls(role, template, words, said(task.dev), said(task.test))

    @classmethod
    def of_prompt(cls, prompt: Prompt, task: Task, dev: NDArray[np.floating] | None = None) -> Beside:
        """What a prompt says of dev and test, or said of dev."""

        def said(examples: Sequence[Example]) -> NDArray[np.float64]:
            return prompt.label_log_probs(examples) if examples else np.zeros((0, len(task.labels)))

        own = said(task.dev) if dev is None else dev.astype(np.float64)
        return cls(TUNED, prompt.template, prompt.verbalizer, own, said(task.test))


def beside(subject: Subject, trains: bool) -> list[Beside]:
    """The same template on the PLM as it is, and the manual prompt; each once.

    Args:
        trains: without training the first of them is the prompt itself.
    """
    plm, task, manual = subject.plm, subject.task, subject.manual
    found = []
    if trains:
        asked = subject.decomposition
        found.append(Beside.read(UNTUNED, plm, subject.plain, subject.words, task, asked))
    same = trains and (manual.template, manual.verbalizer) == (subject.plain, subject.words)
    if not same:
        found.append(Beside.read(MANUAL, plm, manual.template, manual.verbalizer, task))
    return found


def compared(
    prompt: Prompt, others: Sequence[Beside], task: Task, dev: NDArray[np.floating] | None = None
) -> tuple[Compared, ...]:
    """The prompt and those beside it, with its distance to each.

    Args:
        dev: what the prompt said of dev before it was trained on it.
    """
    first = _figures(Beside.of_prompt(prompt, task, dev), task)
    rows = [_figures(other, task) for other in others]
    apart = [told_apart(first.predictions, row.predictions, gold(task.test), task.metric) for row in rows]
    return first, *(replace(row, to_tuned=difference) for row, difference in zip(rows, apart))


def _figures(said: Beside, task: Task) -> Compared:
    dev = evaluate(said.dev, gold(task.dev)) if task.dev else None
    test = evaluate(said.test, gold(task.test))
    return Compared(said.role, said.template, said.words, dev, test, predict(said.test))


def majority(task: Task) -> tuple[Evaluation | None, Evaluation]:
    """Figures on dev and test of always answering the most frequent class: of train, or else of test."""
    if not task.train:
        return None, majority_of_test(task)
    return majority_evaluation(task, task.dev), majority_evaluation(task, task.test)
