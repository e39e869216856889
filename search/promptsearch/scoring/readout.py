"""Verbalizer × word log-probabilities -> label scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from promptsearch.errors import VerbalizerError
from promptsearch.scoring.logspace import FloatArray, log_sum_exp
from promptsearch.verbalizer import Aggregation, Answer, Verbalizer


@dataclass(frozen=True)
class VerbalizerLayout:
    """Where the answers of each label stand among the columns of a word matrix.

    Attributes:
        columns: for each label, column indices of its answers.
        weights: for each label, weights of those answers; positive, sum 1 unless `sum-log`.
        width: number W of columns of the word matrix.
        aggregation: how answers become one score, see `Verbalizer`.
    """

    columns: tuple[tuple[int, ...], ...]
    weights: tuple[tuple[float, ...], ...]
    width: int
    aggregation: Aggregation = "marginal"

    def __len__(self) -> int:
        """Number of labels."""
        return len(self.columns)


def layout(verbalizer: Verbalizer, words: Sequence[str]) -> VerbalizerLayout:
    """Place a verbalizer's answers on the columns of a word matrix.

    Answers of weight 0 are left out: they say nothing, not even when their probability is 0.

    Args:
        words: the text of each column; may hold more words than the verbalizer uses.

    Raises:
        VerbalizerError: naming the answers that have no column.
    """
    column_of = {word: column for column, word in enumerate(words)}
    missing = [word for word in verbalizer.words if word not in column_of]
    if missing:
        raise VerbalizerError(
            f"no scores for the answers {', '.join(map(repr, missing))}",
            hint="Score every word of the verbalizer before reading labels off it.",
        )
    kept = [[answer for answer in answers if answer.weight > 0] for answers in verbalizer.answers]
    return VerbalizerLayout(
        columns=tuple(tuple(column_of[answer.text] for answer in answers) for answers in kept),
        weights=tuple(_weights(answers, verbalizer.aggregation) for answers in kept),
        width=len(words),
        aggregation=verbalizer.aggregation,
    )


def read_words(
    hidden: ArrayLike, log_partition: ArrayLike, embeddings: ArrayLike, bias: ArrayLike
) -> FloatArray:
    """Word log-probabilities from answer states: hidden · E + b - log_partition.

    The product keeps the precision of its inputs, since W may be a whole vocabulary.

    Args:
        hidden: (n, d).
        log_partition: (n,).
        embeddings: (W, d), rows of the output embeddings.
        bias: (W,).

    Returns:
        (n, W) float64.
    """
    logits = np.asarray(hidden) @ np.asarray(embeddings).T
    return logits.astype(np.float64) + np.asarray(bias) - np.asarray(log_partition)[:, np.newaxis]


def label_scores(word_log_probs: ArrayLike, layout: VerbalizerLayout) -> FloatArray:
    """Unnormalised log-score of each label: (n, W) word log-probabilities -> (n, L).

    `marginal` gives log sum_i w_i p_i, `mean-log` and `sum-log` give sum_i w_i log p_i. Words that cannot be
    scored (NaN) make their label NaN; a label none of whose words is possible is -inf.
    """
    log_probs = np.asarray(word_log_probs, dtype=np.float64)
    if log_probs.ndim != 2 or log_probs.shape[1] != layout.width:
        raise ValueError(
            f"expected word log-probabilities of shape (n, {layout.width}), got {log_probs.shape}"
        )
    return np.stack(
        [
            _aggregate(log_probs[:, columns], np.array(weights), layout.aggregation)
            for columns, weights in zip(map(list, layout.columns), layout.weights)
        ],
        axis=-1,
    )


def _weights(answers: Sequence[Answer], aggregation: Aggregation) -> tuple[float, ...]:
    total = 1.0 if aggregation == "sum-log" else sum(answer.weight for answer in answers)
    return tuple(answer.weight / total for answer in answers)


def _aggregate(log_probs: FloatArray, weights: FloatArray, aggregation: Aggregation) -> FloatArray:
    if aggregation != "marginal":
        return (log_probs * weights).sum(axis=-1)
    return log_sum_exp(log_probs + np.log(weights))
