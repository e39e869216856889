"""Figures on labelled examples: of a trial, of a saved prompt, and of the majority class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from promptsearch.errors import DataError
from promptsearch.plms.base import PLM, AnswerStates
from promptsearch.prompt import Prompt
from promptsearch.readings import label_log_probs
from promptsearch.scoring import Evaluation, evaluate
from promptsearch.study.trial import Trial, finite
from promptsearch.tasks.task import Example, Task, gold, majority


@dataclass(frozen=True)
class PromptEvaluation:
    """Figures of a prompt on one split of a task, with the majority class beside them."""

    split: str
    metric: str
    prompt: Evaluation
    majority: Evaluation
    shortened: int

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        low, high = self.prompt.interval(self.metric)
        return {
            "split": self.split,
            "metric": self.metric,
            "n": self.prompt.n,
            "value": self.prompt.value(self.metric),
            "interval": [low, high],
            "macro_f1": self.prompt.macro_f1,
            "mcc": self.prompt.mcc,
            "log_likelihood": finite(self.prompt.log_likelihood),
            "ece": finite(self.prompt.ece),
            "unscored": self.prompt.unscored,
            "shortened": self.shortened,
            "majority": self.majority.value(self.metric),
        }


def evaluate_prompt(prompt: Prompt, task: Task, split: str = "test") -> PromptEvaluation:
    """Score a prompt on a split of a task whose splits are drawn.

    Raises:
        DataError: the task's labels or fields are not those of the prompt.
    """
    _check_labels(prompt, task)
    prompt.template.check_fields(task.fields)
    examples = [example for example in task.splits[split] if example.label is not None]
    # Not index(): 1 and True are equal and two labels.
    place = {(type(label), label): i for i, label in enumerate(prompt.verbalizer.labels)}
    order = [place[type(label), label] for label in task.labels]
    return PromptEvaluation(
        split,
        task.metric,
        evaluate(prompt.label_log_probs(examples)[:, order], gold(examples)),
        majority_evaluation(task, examples),
        _shortened(prompt, examples),
    )


def _shortened(prompt: Prompt, examples: Sequence[Example]) -> int:
    return int(prompt.plm.shortened(prompt.template, examples).sum())


def _check_labels(prompt: Prompt, task: Task) -> None:
    mine, theirs = prompt.verbalizer.labels, task.labels
    if {(type(a), a) for a in mine} != {(type(b), b) for b in theirs}:
        raise DataError(
            "the prompt and the task have different labels",
            where=f"prompt: {', '.join(map(repr, mine))}\ntask: {', '.join(map(repr, theirs))}",
            hint="Give data whose labels are those of the prompt.",
        )


def evaluate_trial(
    plm: PLM, trial: Trial, examples: Sequence[Example], states: AnswerStates | None = None
) -> Evaluation:
    """Figures of a trial's prompt on labelled examples."""
    candidate = trial.candidate
    log_probs = label_log_probs(
        plm,
        candidate.template,
        candidate.verbalizer,
        trial.calibration,
        trial.scoring,
        examples,
        states,
        candidate.readout,
    )
    return evaluate(log_probs, gold(examples))


def majority_evaluation(task: Task, examples: Sequence[Example]) -> Evaluation:
    """Figures of always answering the most frequent class of train, with its frequencies as probabilities."""
    counts = np.bincount(gold(task.train), minlength=len(task.labels)).astype(float)
    shares = (counts + 1) / (counts + 1).sum()
    # Equal counts must still name one class.
    shares[majority(task.train)] += 1e-6
    row = np.log(shares / shares.sum())
    return evaluate(np.tile(row, (len(examples), 1)), gold(examples))
