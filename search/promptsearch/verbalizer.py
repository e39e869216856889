"""Verbalizers: which words stand for which label."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal, get_args

from promptsearch.errors import VerbalizerError, near_matches

Label = str | int | float | bool
Aggregation = Literal["marginal", "mean-log", "sum-log"]
Case = Literal["exact", "any"]


@dataclass(frozen=True)
class Answer:
    """One way to say a label: a word, a span or a sentence, with its weight (>= 0)."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True)
class Verbalizer:
    """Label -> answers, in the order of the task's labels.

    Labels keep their type: 1, True, 1.0 and "1" are four labels.

    `aggregation` says how the answers of a label become one score: `marginal` takes log sum_i w_i p_i, the
    probability of any of the words; `mean-log` takes sum_i w_i log p_i, as KPT (Hu et al. 2022) does; in
    both, weights are scaled to sum to 1. `sum-log` takes sum_i w_i log p_i with the weights as they stand,
    for weights that were learned.

    `case` says whether an answer is the word as written (`exact`), or any of its spellings in lower case,
    with a capital or in capitals that are one token, whose probabilities are summed (`any`).

    Raises:
        VerbalizerError: naming the label or answer that is wrong.
    """

    labels: tuple[Label, ...]
    answers: tuple[tuple[Answer, ...], ...]
    aggregation: Aggregation = "marginal"
    case: Case = "exact"

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", tuple(plain_label(label) for label in self.labels))
        if len(self.labels) != len(self.answers):
            raise VerbalizerError(f"{len(self.labels)} labels but answers for {len(self.answers)}")
        if self.aggregation not in get_args(Aggregation):
            known = ", ".join(get_args(Aggregation))
            raise VerbalizerError(f"there is no aggregation {self.aggregation!r}", hint=f"There is {known}.")
        _check_labels(self.labels)
        if self.case not in get_args(Case):
            raise VerbalizerError(
                f"there is no case {self.case!r}", hint=f"There is {', '.join(get_args(Case))}."
            )
        for label, answers in zip(self.labels, self.answers):
            _check_answers(label, answers)

    @classmethod
    def of(
        cls,
        words: Mapping[Label, object] | Sequence[object],
        labels: Sequence[Label],
        aggregation: Aggregation = "marginal",
        case: Case = "exact",
    ) -> Verbalizer:
        """Read label words as people write them.

        Args:
            words: label -> word, list of words, or word -> weight; or a sequence of those in the order
                of `labels`. A mapping is read by label name, in whatever order it comes.
            labels: the task's labels, in order.

        Raises:
            VerbalizerError: naming the label that is missing or unknown, or the shape that is mistaken.
        """
        labels = tuple(plain_label(label) for label in labels)
        _check_labels(labels)
        by_label = _by_label(words, labels) if isinstance(words, Mapping) else _in_order(words, labels)
        answers = tuple(_answers(label, entry) for label, entry in zip(labels, by_label))
        return cls(labels, answers, aggregation, case)

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


def spellings(word: str) -> tuple[str, ...]:
    """The word as written, in lower case, with a capital and in capitals, each once."""
    capital = word[:1].upper() + word[1:]
    return tuple(dict.fromkeys((word, word.lower(), capital, word.upper())))


def example_words(labels: Sequence[Label]) -> str:
    """A well-formed mapping to show in messages."""
    return "{" + ", ".join(f"{label!r}: ['word', …]" for label in list(labels)[:2]) + "}"


def plain_label(value: object) -> Label:
    """A label as a Python value; a NumPy or pandas scalar becomes the Python value that it holds.

    Raises:
        VerbalizerError: it is no text, finite number, True or False.
    """
    as_python = getattr(value, "item", None) if type(value).__module__ == "numpy" else None
    if callable(as_python):
        value = as_python()
    if isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise VerbalizerError(f"a label must be text, a finite number, True or False, not {value!r}")


def _check_labels(labels: Sequence[Label]) -> None:
    if len(labels) < 2:
        raise VerbalizerError(
            "a verbalizer needs at least two labels", hint="A task of one class cannot be searched."
        )
    seen: set[tuple[type, Label]] = set()
    for label in labels:
        if (type(label), label) in seen:
            raise VerbalizerError(f"the label {label!r} is given twice")
        seen.add((type(label), label))


def _check_answers(label: Label, answers: Sequence[Answer]) -> None:
    if not answers:
        raise VerbalizerError(f"the label {label!r} has no answer", hint="Give each label at least one word.")
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
    total = sum(answer.weight for answer in answers)
    if total <= 0:
        raise VerbalizerError(f"all answers of label {label!r} have weight 0")
    if not math.isfinite(total):
        raise VerbalizerError(f"the weights of label {label!r} sum to more than a number can hold")


def _in_order(words: object, labels: Sequence[Label]) -> list[object]:
    """Words of each label, from a sequence in the labels' order."""
    if isinstance(words, str | bytes | AbstractSet) or not isinstance(words, Iterable):
        raise VerbalizerError(
            f"label words must be given per label, not as {words!r}",
            hint=f"For example {example_words(labels)}.",
        )
    entries = list(words)
    if len(entries) != len(labels):
        raise VerbalizerError(
            f"{len(entries)} entries of label words for {len(labels)} labels",
            hint=f"Labels in order: {_listed(labels)}.",
        )
    return entries


def _by_label(words: Mapping[Label, object], labels: Sequence[Label]) -> list[object]:
    """Words of each label, from a mapping by label.

    A key of the label's own type goes first. JSON keys are always text, so the label 2 is also found as
    "2", True as "true"; each key serves one label.
    """
    unused = {(type(key), key): key for key in map(plain_label, words)}
    keys = {i: unused.pop((type(label), label), None) for i, label in enumerate(labels)}
    spelt = {spelling: typed for typed in unused for spelling in _spellings(typed[1])}
    for i, label in enumerate(labels):
        if keys[i] is None:
            typed = next((spelt[text] for text in _spellings(label) if spelt.get(text) in unused), None)
            if typed is None:
                raise VerbalizerError(
                    f"no label words for the label {label!r}",
                    hint=f"Words are given for {_listed(words)}; the labels are {_listed(labels)}.",
                )
            keys[i] = unused.pop(typed)
    for key in unused.values():
        near = near_matches(str(key), map(str, labels), most=1)
        raise VerbalizerError(
            f"label words for {key!r}, which is not a label of the task",
            hint=(f"Did you mean {near[0]!r}? " if near else "") + f"Labels: {_listed(labels)}.",
        )
    return [words[key] for key in keys.values() if key is not None]


def _spellings(label: Label) -> tuple[str, ...]:
    """How a label may stand as text: as Python and as JSON write it."""
    return (label,) if isinstance(label, str) else (str(label), json.dumps(label))


def _answers(label: Label, entry: object) -> tuple[Answer, ...]:
    """Answers of one label from a word, a list of words, or word -> weight."""
    if isinstance(entry, str):
        return (Answer(str(entry)),)
    if isinstance(entry, Answer):
        return (entry,)
    if isinstance(entry, Mapping):
        return tuple(Answer(_word(label, word), _weight(word, weight)) for word, weight in entry.items())
    if isinstance(entry, bytes) or not isinstance(entry, Iterable):
        raise VerbalizerError(
            f"the words of label {label!r} must be text or a list of texts, not {entry!r}",
            hint=f"For example {example_words([label])}.",
        )
    # A set has no order of its own, and the same words must always make the same verbalizer.
    items = sorted(entry, key=str) if isinstance(entry, AbstractSet) else list(entry)
    answers = tuple(item if isinstance(item, Answer) else Answer(_word(label, item)) for item in items)
    _check_letters(label, [item for item in items if isinstance(item, str)])
    return answers


def _word(label: Label, word: object) -> str:
    if not isinstance(word, str):
        raise VerbalizerError(
            f"a word of label {label!r} must be text, not {word!r}", hint=f"Write {str(word)!r}."
        )
    return str(word)


def _weight(word: object, weight: object) -> float:
    try:
        return float(weight)  # ty: ignore[invalid-argument-type]
    except (TypeError, ValueError):
        raise VerbalizerError(f"the weight of {word!r} must be a number, not {weight!r}") from None


def _check_letters(label: Label, texts: Sequence[str]) -> None:
    """Refuse `tuple("good")`, which is what a misplaced comma or a missing bracket makes of a word."""
    if len(texts) > 2 and all(len(text) == 1 and text.isascii() and text.isalpha() for text in texts):
        word = "".join(texts)
        raise VerbalizerError(
            f"the words of label {label!r} are single letters ({', '.join(texts[:4])}, …)",
            hint=f"If a word was split into its letters, write [{word!r}]; "
            f"if letters are meant, give them weights: {{{texts[0]!r}: 1, …}}.",
        )


def _listed(labels: Iterable[Label]) -> str:
    """Labels for a message; of many the first."""
    shown = [repr(label) for label in labels]
    return ", ".join(shown[:12]) + (f", … ({len(shown)} in all)" if len(shown) > 12 else "")
