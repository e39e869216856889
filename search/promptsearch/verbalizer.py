"""Verbalizers: which words stand for which label."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from promptsearch.errors import VerbalizerError

Label = str | int | float | bool
Aggregation = Literal["marginal", "mean-log"]


@dataclass(frozen=True)
class Answer:
    """One way to say a label: a word, a span or a sentence, with its weight (>= 0)."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True)
class Verbalizer:
    """Label -> answers, in the order of the task's labels.

    `aggregation` says how the answers of a label become one score (weights w are scaled to sum to 1):
    `marginal` takes log sum_i w_i p_i, the probability of any of the words; `mean-log` takes
    sum_i w_i log p_i, as KPT (Hu et al. 2022) does.
    """

    labels: tuple[Label, ...]
    answers: tuple[tuple[Answer, ...], ...]
    aggregation: Aggregation = "marginal"

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.answers):
            raise VerbalizerError(f"{len(self.labels)} labels but answers for {len(self.answers)}")
        if len(self.labels) < 2:
            raise VerbalizerError("a verbalizer needs at least two labels", hint="A task of one class cannot be searched.")
        for label, answers in zip(self.labels, self.answers):
            if not answers:
                raise VerbalizerError(f"the label {label!r} has no answer", hint="Give each label at least one word.")
            _check_answers(label, answers)

    @classmethod
    def of(
        cls,
        words: Mapping[Label, object] | Sequence[object],
        labels: Sequence[Label],
        aggregation: Aggregation = "marginal",
    ) -> Verbalizer:
        """Read label words as people write them.

        Args:
            words: label -> word, list of words, or word -> weight; or a sequence of those in the order
                of `labels`. A mapping is read by label name, in whatever order it comes.
            labels: the task's labels, in order.

        Raises:
            VerbalizerError: naming the label that is missing or unknown, or the shape that is mistaken.
        """
        if isinstance(words, str):
            raise VerbalizerError(
                f"label words must be given per label, not as one string {words!r}",
                hint=f"For example {example_words(labels)}.",
            )
        if isinstance(words, Mapping):
            by_label = _by_label(words, labels)
        else:
            by_label = list(words)
            if len(by_label) != len(labels):
                raise VerbalizerError(
                    f"{len(by_label)} entries of label words for {len(labels)} labels",
                    hint=f"Labels in order: {', '.join(map(repr, labels))}.",
                )
        answers = tuple(_answers(label, entry) for label, entry in zip(labels, by_label))
        return cls(tuple(labels), answers, aggregation)

    @property
    def words(self) -> tuple[str, ...]:
        """Every distinct answer text, in order of first use."""
        return tuple(dict.fromkeys(answer.text for answers in self.answers for answer in answers))

    @property
    def size(self) -> int:
        """Number of answers over all labels."""
        return sum(len(answers) for answers in self.answers)

    def __str__(self) -> str:
        return " / ".join(
            f"{label}: {', '.join(answer.text for answer in answers)}"
            for label, answers in zip(self.labels, self.answers)
        )


def example_words(labels: Sequence[Label]) -> str:
    """A well-formed mapping to show in messages."""
    return "{" + ", ".join(f"{label!r}: ['word', …]" for label in list(labels)[:2]) + "}"


def _check_answers(label: Label, answers: Sequence[Answer]) -> None:
    seen: set[str] = set()
    for answer in answers:
        if not answer.text.strip():
            raise VerbalizerError(f"an answer of label {label!r} is empty")
        if answer.text != answer.text.strip():
            raise VerbalizerError(
                f"the answer {answer.text!r} of label {label!r} has blanks around it",
                hint="Leave them out: the blank before an answer follows from the template.",
            )
        if not (math.isfinite(answer.weight) and answer.weight >= 0):
            raise VerbalizerError(f"the weight of {answer.text!r} must be a number >= 0, not {answer.weight}")
        if answer.text in seen:
            raise VerbalizerError(f"the label {label!r} has the answer {answer.text!r} twice")
        seen.add(answer.text)
    if sum(answer.weight for answer in answers) <= 0:
        raise VerbalizerError(f"all answers of label {label!r} have weight 0")


def _by_label(words: Mapping[Label, object], labels: Sequence[Label]) -> list[object]:
    # JSON keys are strings, so a label 2 or True may come as "2" or "True"; a str label must match as it is.
    keys = {(type(key), key): value for key, value in words.items()}
    as_text = {str(key): value for key, value in words.items()}
    found: list[object] = []
    for label in labels:
        if (type(label), label) in keys:
            found.append(keys[type(label), label])
        elif str(label) in as_text:
            found.append(as_text[str(label)])
        else:
            raise VerbalizerError(
                f"no label words for the label {label!r}",
                hint=f"Words are given for {', '.join(map(repr, words))}; labels are {', '.join(map(repr, labels))}.",
            )
    unknown = [key for key in words if str(key) not in {str(label) for label in labels}]
    if unknown:
        raise VerbalizerError(
            f"label words for {unknown[0]!r}, which is not a label of the task",
            hint=f"Labels: {', '.join(map(repr, labels))}.",
        )
    return found


def _answers(label: Label, entry: object) -> tuple[Answer, ...]:
    if isinstance(entry, str):
        return (Answer(entry),)
    if isinstance(entry, Answer):
        return (entry,)
    if isinstance(entry, Mapping):
        return tuple(Answer(str(word), float(weight)) for word, weight in entry.items())
    if not isinstance(entry, Iterable):
        raise VerbalizerError(f"the words of label {label!r} must be text or a list of texts, not {entry!r}")
    items = list(entry)
    for item in items:
        if not isinstance(item, str | Answer):
            raise VerbalizerError(f"a word of label {label!r} must be text, not {item!r}")
    texts = [item for item in items if isinstance(item, str)]
    if len(texts) > 2 and all(len(text) == 1 and text.isascii() and text.isalpha() for text in texts):
        word = "".join(texts)
        raise VerbalizerError(
            f"the words of label {label!r} are single letters ({', '.join(texts[:4])}, …)",
            hint=f"A word was split into its letters: write [{word!r}] or {word!r}.",
        )
    return tuple(item if isinstance(item, Answer) else Answer(item) for item in items)
