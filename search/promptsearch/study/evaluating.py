"""Figures on labelled examples: of a trial, of a saved prompt, and of the majority class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptsearch.errors import DataError, OptionError
from promptsearch.plms.base import PLM
from promptsearch.predicting import Predictor
from promptsearch.readings import label_log_probs
from promptsearch.scoring import METRICS, Evaluation, evaluate
from promptsearch.study.trial import Trial, finite
from promptsearch.tasks import draw_splits
from promptsearch.tasks.duplicates import content_key
from promptsearch.tasks.task import Example, Task, gold, majority


@dataclass(frozen=True)
class PromptEvaluation:
    """Figures of a prompt on one split of a task, with the majority class beside them.

    Attributes:
        seen: examples that stood in train or dev of the search; None where the data are not known to be
            those that the prompt was found on.
    """

    split: str
    metric: str
    prompt: Evaluation
    majority: Evaluation
    shortened: int
    seen: int | None = None

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
            "seen_in_search": self.seen,
            "majority": self.majority.value(self.metric),
        }


def evaluate_prompt(
    prompt: Predictor,
    task: Task,
    split: str = "test",
    *,
    metric: str | None = None,
    searched: Task | None = None,
) -> PromptEvaluation:
    """Score a prompt on a split of a task whose splits are drawn.

    Args:
        metric: by default what the prompt was searched by, else the task's own.
        searched: the splits that the prompt was found on, see `searched_splits`.

    Raises:
        DataError: the task's labels or fields are not those of the prompt.
        OptionError: no such metric.
    """
    metric = metric_for(prompt, task, metric)
    examples = labelled(task, split)
    log_probs = log_probs_on(prompt, task, examples)
    return evaluation_of(prompt, task, split, examples, log_probs, metric, searched)


def labelled(task: Task, split: str) -> list[Example]:
    """The examples of a split that have a label."""
    return [example for example in task.splits[split] if example.label is not None]


def log_probs_on(prompt: Predictor, task: Task, examples: Sequence[Example]) -> NDArray[np.float64]:
    """What a prompt says of a task's examples: (n, labels), the labels in the task's order.

    Raises:
        DataError: the task's labels are not those of the prompt.
        TemplateError: the task lacks a field.
    """
    _check_labels(prompt, task)
    prompt.check_fields(task.fields)
    # Not index(): 1 and True are equal and two labels.
    place = {(type(label), label): i for i, label in enumerate(prompt.labels)}
    order = [place[type(label), label] for label in task.labels]
    return prompt.label_log_probs(examples)[:, order]


def evaluation_of(
    prompt: Predictor,
    task: Task,
    split: str,
    examples: Sequence[Example],
    log_probs: NDArray[np.float64],
    metric: str,
    searched: Task | None = None,
) -> PromptEvaluation:
    """`evaluate_prompt` where `log_probs_on` has been asked already."""
    return PromptEvaluation(
        split,
        metric,
        evaluate(log_probs, gold(examples)),
        majority_evaluation(task, examples),
        int(prompt.shortened(examples).sum()),
        None if searched is None else _seen(searched, examples),
    )


def searched_splits(prompt: Predictor, source: Task) -> Task | None:
    """The splits that a prompt was found on, drawn again from the task as it is loaded.

    None where the data are others, or the prompt does not say what it was found on.
    """
    record = prompt.document.task
    if record is None or record.seed is None:
        return None
    # Of test it is only known how many examples were scored.
    n_test = next((entry.n for entry in prompt.document.evaluation if entry.split == "test"), None)
    try:
        drawn = draw_splits(source, shots=record.shots, seed=record.seed, max_test=n_test)
    except DataError:
        return None
    return drawn if drawn.fingerprint == record.fingerprint else None


def _seen(searched: Task, examples: Sequence[Example]) -> int:
    """How many examples stood in train or dev of a search, by their texts."""
    facts = searched.kind == "fact"
    keys = {content_key(e, searched.fields, facts=facts) for e in (*searched.train, *searched.dev)}
    return sum(content_key(e, searched.fields, facts=facts) in keys for e in examples)


def metric_for(prompt: Predictor, task: Task, given: str | None = None) -> str:
    """The metric that is given, else the one that the prompt was searched by, else the task's own.

    Raises:
        OptionError: no such metric.
    """
    record = prompt.document.task
    metric = given or (record.metric if record else task.metric)
    if metric not in METRICS:
        raise OptionError(f"there is no metric {metric!r}", hint=f"There are {', '.join(METRICS)}.")
    return metric


def _check_labels(prompt: Predictor, task: Task) -> None:
    mine, theirs = prompt.labels, task.labels
    if {(type(a), a) for a in mine} != {(type(b), b) for b in theirs}:
        raise DataError(
            "the prompt and the task have different labels",
            where=f"prompt: {', '.join(map(repr, mine))}\ntask: {', '.join(map(repr, theirs))}",
            hint="Give data with the labels of the prompt, or say which is which: --labels 0=negative,….",
        )


def evaluate_trial(plm: PLM, trial: Trial, examples: Sequence[Example]) -> Evaluation:
    """Figures of a trial's prompt on labelled examples."""
    candidate = trial.candidate
    log_probs = label_log_probs(
        plm,
        candidate.template,
        candidate.verbalizer,
        trial.calibration,
        trial.scoring,
        examples,
        readout=candidate.readout,
    )
    return evaluate(log_probs, gold(examples))


def majority_of_test(task: Task) -> Evaluation:
    """Figures of always answering the class that is most frequent in test, where train has no labels."""
    return majority_evaluation(replace(task, splits={"train": task.test}, _fingerprints={}), task.test)


def majority_evaluation(task: Task, examples: Sequence[Example]) -> Evaluation:
    """Figures of always answering the most frequent class of train, with its frequencies as probabilities."""
    counts = np.bincount(gold(task.train), minlength=len(task.labels)).astype(float)
    shares = (counts + 1) / (counts + 1).sum()
    # Equal counts must still name one class.
    shares[majority(task.train)] += 1e-6
    row = np.log(shares / shares.sum())
    return evaluate(np.tile(row, (len(examples), 1)), gold(examples))
