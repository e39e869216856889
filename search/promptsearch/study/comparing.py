"""Two prompts on the same labelled examples: which is better, and whether that can be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptsearch.compose import PromptEnsemble
from promptsearch.errors import DataError
from promptsearch.predicting import Predictor
from promptsearch.prompt import Prompt
from promptsearch.scoring import UNSCORED, Difference, mcnemar, paired_difference, predict
from promptsearch.scoring.paired import sign_flip
from promptsearch.scoring.power import paired_sample_size
from promptsearch.study.costs import Cost, cost_of
from promptsearch.study.evaluating import (
    PromptEvaluation,
    evaluation_of,
    labelled,
    log_probs_on,
    metric_for,
)
from promptsearch.tasks.task import Example, Task, gold

LEVEL = 0.05
"""Error rate at which two prompts are told apart."""
SHOWN = 5
"""Examples on which the answers differ that are listed."""


@dataclass(frozen=True)
class Agreement:
    """How often each of two prompts is right, and how often both answer the same.

    Attributes:
        same: examples with the same answer, right or wrong; what neither could score is none.
    """

    both: int
    only_a: int
    only_b: int
    neither: int
    same: int

    @property
    def n(self) -> int:
        """Examples in all."""
        return self.both + self.only_a + self.only_b + self.neither


@dataclass(frozen=True)
class LikelihoodGap:
    """Mean log-likelihood of prompt A minus that of B, in nats.

    Attributes:
        n: examples that both could score; the others do not count.
        p_value: two-sided, of the sign-flip test.
    """

    value: float
    p_value: float
    n: int


@dataclass(frozen=True)
class Differing:
    """An example on which the two answer differently; an answer is None where it could not be scored."""

    values: Mapping[str, str]
    gold: str
    a: str | None
    b: str | None


@dataclass(frozen=True)
class PromptComparison:
    """What two prompts, A and B, make of the same examples.

    Attributes:
        difference: metric of A minus that of B.
        p_mcnemar: of the exact test of equal accuracy.
        likelihood: None where no example could be scored by both.
        costs: of a prediction by A and by B.
        differing: up to `SHOWN` examples, in turn such that only A, only B and neither has right; those
            first on which the likelihoods are furthest apart.
    """

    a: PromptEvaluation
    b: PromptEvaluation
    difference: Difference
    p_mcnemar: float
    agreement: Agreement
    likelihood: LikelihoodGap | None
    costs: tuple[Cost, Cost]
    differing: tuple[Differing, ...]

    @property
    def metric(self) -> str:
        """What both are judged by."""
        return self.a.metric

    @property
    def p_value(self) -> float:
        """By which the two are told apart: of McNemar's test for accuracy, else of the paired bootstrap."""
        return self.p_mcnemar if self.metric == "accuracy" else self.difference.p_value

    @property
    def better(self) -> str | None:
        """`A` or `B`; None where they cannot be told apart."""
        if self.p_value >= LEVEL or self.difference.value == 0:
            return None
        return "A" if self.difference.value > 0 else "B"

    @property
    def needed(self) -> int | None:
        """Examples that would show such a difference of accuracies (power 80 %), were it the true one.

        None where the two are told apart, alike, or judged by another metric.
        """
        found = self.agreement
        if self.metric != "accuracy" or self.better or found.only_a == found.only_b:
            return None
        discordant = (found.only_a + found.only_b) / found.n
        return paired_sample_size(discordant, (found.only_a - found.only_b) / found.n, level=1 - LEVEL)

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        gap, found, likelihood = self.difference, self.agreement, self.likelihood
        return {
            "a": {**self.a.record(), **_cost_record(self.costs[0])},
            "b": {**self.b.record(), **_cost_record(self.costs[1])},
            "difference": {"value": gap.value, "interval": [gap.low, gap.high], "p_value": gap.p_value},
            "p_mcnemar": self.p_mcnemar,
            "both_right": found.both,
            "only_a_right": found.only_a,
            "only_b_right": found.only_b,
            "both_wrong": found.neither,
            "agreement": found.same / found.n,
            "log_likelihood": None
            if likelihood is None
            else {"difference": likelihood.value, "p_value": likelihood.p_value, "n": likelihood.n},
            "better": self.better,
            "examples_needed": self.needed,
            "differing": [
                {"values": dict(each.values), "gold": each.gold, "a": each.a, "b": each.b}
                for each in self.differing
            ],
        }


def compare_prompts(
    a: Predictor,
    b: Predictor,
    task: Task,
    split: str = "test",
    *,
    metric: str | None = None,
    searched: Sequence[Task | None] = (None, None),
) -> PromptComparison:
    """Have two prompts, or ensembles, answer the same labelled examples.

    Args:
        task: with its splits drawn.
        metric: by default what A was searched by, else the task's own.
        searched: the splits that A and B were found on, see `searched_splits`.

    Raises:
        DataError: the two have different labels, or the task has; or there are no examples.
        TemplateError: the task lacks a field that one of them reads.
        OptionError: no such metric.
    """
    check_same_labels(a, b)
    metric = metric_for(a, task, metric)
    examples = labelled(task, split)
    if not examples:
        raise DataError(f"there are no labelled {split} examples", where=task.source.location or task.name)
    for prompt in (a, b):
        prompt.check_fields(task.fields)
    of_a, of_b = (log_probs_on(prompt, task, examples) for prompt in (a, b))
    answers_a, answers_b, labels = predict(of_a), predict(of_b), np.asarray(gold(examples))
    return PromptComparison(
        evaluation_of(a, task, split, examples, of_a, metric, searched[0]),
        evaluation_of(b, task, split, examples, of_b, metric, searched[1]),
        paired_difference(answers_a, answers_b, labels, metric, level=1 - LEVEL),
        mcnemar(answers_a == labels, answers_b == labels),
        agreement_of(answers_a, answers_b, labels),
        likelihood_gap(of_a, of_b, labels),
        (cost_of(_parts(a), examples), cost_of(_parts(b), examples)),
        _differing(task, examples, (answers_a, answers_b), (of_a, of_b)),
    )


def check_same_labels(a: Predictor, b: Predictor) -> None:
    """Refuse two prompts that do not answer the same question.

    Raises:
        DataError: their labels differ.
    """
    if {(type(label), label) for label in a.labels} != {(type(label), label) for label in b.labels}:
        raise DataError(
            "the two prompts have different labels",
            where=f"A: {', '.join(map(repr, a.labels))}\nB: {', '.join(map(repr, b.labels))}",
            hint="Only prompts that choose between the same labels can be compared.",
        )


def agreement_of(a: NDArray[np.int64], b: NDArray[np.int64], labels: NDArray[np.int64]) -> Agreement:
    """Counts over answers of A and B and true labels, each (n,); -1 could not be scored."""
    right_a, right_b = a == labels, b == labels
    return Agreement(
        int((right_a & right_b).sum()),
        int((right_a & ~right_b).sum()),
        int((~right_a & right_b).sum()),
        int((~right_a & ~right_b).sum()),
        int(((a == b) & (a != UNSCORED)).sum()),
    )


def likelihood_gap(
    a: NDArray[np.float64], b: NDArray[np.float64], labels: NDArray[np.int64]
) -> LikelihoodGap | None:
    """From label log-probabilities (n, L) of A and B, over what both give a finite one."""
    gaps = _of_gold(a, labels) - _of_gold(b, labels)
    known = gaps[np.isfinite(gaps)]
    if not len(known):
        return None
    return LikelihoodGap(float(known.mean()), float(sign_flip(known)), len(known))


def _of_gold(log_probs: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    found = log_probs[np.arange(len(labels)), labels]
    # A difference of two infinities is none.
    return np.where(np.isfinite(found), found, np.nan)


def _differing(
    task: Task,
    examples: Sequence[Example],
    answers: tuple[NDArray[np.int64], NDArray[np.int64]],
    log_probs: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> tuple[Differing, ...]:
    labels = np.asarray(gold(examples))
    gaps = np.abs(np.nan_to_num(_of_gold(log_probs[0], labels) - _of_gold(log_probs[1], labels)))
    differ = answers[0] != answers[1]
    right = [differ & (answer == labels) for answer in answers]
    groups = [np.flatnonzero(group) for group in (*right, differ & ~right[0] & ~right[1])]
    by_gap = [group[np.argsort(-gaps[group], kind="stable")] for group in groups]
    # In turn, so that both prompts are seen to err.
    order = [i for row in zip_longest(*by_gap) for i in row if i is not None]
    names = task.label_names

    def name(answer: int) -> str | None:
        return None if answer == UNSCORED else names[answer]

    return tuple(
        Differing(examples[i].values, names[labels[i]], name(answers[0][i]), name(answers[1][i]))
        for i in order[:SHOWN]
    )


def _parts(prompt: Predictor) -> Sequence[Prompt]:
    """The prompts that answer each text."""
    if isinstance(prompt, PromptEnsemble):
        return [member for member, weight in zip(prompt.members, prompt.weights) if weight > 0]
    if isinstance(prompt, Prompt):
        return [prompt]
    raise TypeError(f"a prompt or an ensemble is wanted, not {type(prompt).__name__}")


def _cost_record(cost: Cost) -> dict[str, float]:
    return {"tokens": cost.tokens, "passes": cost.passes}
