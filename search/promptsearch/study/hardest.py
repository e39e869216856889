"""The examples that a prompt gets most wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptsearch.plms.base import PLM
from promptsearch.readings import read_labels, word_log_probs
from promptsearch.scoring import UNSCORED, layout, predict
from promptsearch.study.trial import Trial
from promptsearch.tasks.task import Example, SplitName, Task, gold
from promptsearch.verbalizer import Verbalizer

MOST_CHARACTERS = 300
WORDS_SHOWN = 3


@dataclass(frozen=True)
class Hard:
    """An example that a prompt finds hard.

    Attributes:
        fields: the task's fields; long texts are cut and end in `…`.
        gold: index of the true label.
        predicted: index of the predicted label; None where the example could not be scored.
        probability: of the true label; 0 where the example could not be scored.
        words: log-probability, before calibration, of the likeliest words of each label, in the order of
            the labels; none where the prompt does not answer by words, or could not be scored.
    """

    fields: Mapping[str, str]
    gold: int
    predicted: int | None
    probability: float
    words: Mapping[str, float]


def hardest(plm: PLM, trial: Trial, task: Task, split: SplitName = "test", n: int = 10) -> tuple[Hard, ...]:
    """The n labelled examples that the prompt gets most wrong.

    Wrong answers come first, by the log-probability of the true label; then what could not be scored; then
    right answers that were least sure.
    """
    examples = [example for example in task.splits[split] if example.label is not None]
    if not examples:
        return ()
    scores, log_probs = _read(plm, trial, examples)
    labels, predicted = gold(examples), predict(log_probs)
    return tuple(
        Hard(
            fields={name: _cut(examples[i].values.get(name, "")) for name in task.fields},
            gold=labels[i],
            predicted=None if predicted[i] == UNSCORED else int(predicted[i]),
            probability=0.0 if predicted[i] == UNSCORED else float(np.exp(log_probs[i, labels[i]])),
            words={} if scores is None else likeliest(trial.candidate.verbalizer, scores[i]),
        )
        for i in hardest_first(log_probs, labels)[:n]
    )


def hardest_first(log_probs: NDArray[np.float64], labels: Sequence[int]) -> list[int]:
    """Rows of label log-probabilities (n, L), the hardest first, in the order that `hardest` tells."""
    predicted = predict(log_probs)
    unscored = predicted == UNSCORED
    kind = np.where(predicted == labels, 2, np.where(unscored, 1, 0))
    of_gold = np.where(unscored, 0.0, log_probs[np.arange(len(labels)), labels])
    return np.lexsort((of_gold, kind)).tolist()


def _read(
    plm: PLM, trial: Trial, examples: Sequence[Example]
) -> tuple[NDArray[np.floating] | None, NDArray[np.float64]]:
    """Word log-probabilities (n, W), if the prompt reads words, and label log-probabilities (n, L)."""
    template, verbalizer = trial.candidate.template, trial.candidate.verbalizer
    readout = trial.candidate.readout
    states = plm.answer_states(template, examples)
    scores = None
    if readout is None or readout.uses_words:
        scores = word_log_probs(
            plm, template, verbalizer.words, examples, trial.scoring, states, verbalizer.case
        )
    place = layout(verbalizer, verbalizer.words)
    return scores, read_labels(scores, place, trial.calibration, states, readout)


def likeliest(
    verbalizer: Verbalizer, word_log_probs: NDArray[np.floating], most: int = WORDS_SHOWN
) -> dict[str, float]:
    """The likeliest words of each label with their log-probabilities, in the order of the labels.

    Words of weight 0 and words without a finite log-probability are left out.

    Args:
        word_log_probs: (W,) in the order of the verbalizer's `words`.
    """
    score_of = dict(zip(verbalizer.words, word_log_probs.tolist()))
    found: dict[str, float] = {}
    for answers in verbalizer.answers:
        words = [a.text for a in answers if a.weight > 0 and np.isfinite(score_of[a.text])]
        for word in sorted(words, key=lambda word: -score_of[word])[:most]:
            found.setdefault(word, score_of[word])
    return found


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1].rstrip() + "…"
