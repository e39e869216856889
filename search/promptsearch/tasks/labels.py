"""Labels as they stand in the data, their order, and their readable names."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from promptsearch.errors import DataError
from promptsearch.verbalizer import Label

UNLABELLED = -1  # what test splits whose labels are withheld hold in place of a label's index
LEAVE_EMPTY = (
    "Rows without a label must leave it empty: -1 says so only in a test split that has no other label."
)
Key = tuple[str, object]
_UNLABELLED_KEYS: tuple[Key, ...] = (("number", UNLABELLED), ("text", str(UNLABELLED)))


@dataclass(frozen=True)
class LabelSet:
    """The labels of a task.

    Attributes:
        index: `key_of(value)` -> index of the label, for every form in which a label may stand.
        certain: whether values not yet seen cannot change the reading.
    """

    labels: tuple[Label, ...]
    names: tuple[str, ...]
    index: Mapping[Key, int]
    certain: bool = True

    def encode(self, value: object, *, withheld: bool = False) -> int | None:
        """Index of a value's label; None where it is missing. Raises KeyError for any other value.

        Args:
            withheld: whether -1 says that a label is missing, where it is none of the labels.
        """
        cleaned = clean(value)
        if cleaned is None:
            return None
        key = key_of(cleaned)
        return None if withheld and key not in self.index and is_unlabelled(cleaned) else self.index[key]


def clean(value: object) -> Label | None:
    """A label value, or None where there is none: null, blank text, not-a-number.

    Raises:
        TypeError: the value is a list, an object or the like.
    """
    value = unboxed(value)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, float) and math.isnan(value):
        return None
    if not isinstance(value, str | int | float):
        raise TypeError(type(value).__name__)
    return value


def unboxed(value: object) -> object:
    """A numpy scalar as the plain number it holds; anything else as it is."""
    item = getattr(value, "item", None)
    return item() if callable(item) and getattr(value, "shape", None) == () else value


def key_of(value: Label) -> Key:
    """What makes two labels the same: True is not 1, but 1.0 is."""
    if isinstance(value, bool):
        return "bool", value
    return ("text", value) if isinstance(value, str) else ("number", value)


def is_unlabelled(value: object) -> bool:
    """Whether it is what a test split holds where labels are withheld: -1, as a number or as text."""
    value = unboxed(value)
    return isinstance(value, str | int | float) and key_of(value) in _UNLABELLED_KEYS


def withholds_labels(values: Iterable[Label]) -> bool:
    """Whether the labels of a test split are withheld: every row has -1, and no other label."""
    found = list(values)
    return bool(found) and all(map(is_unlabelled, found))


def labels_from_data(values: Iterable[Label]) -> LabelSet:
    """Labels in order of first appearance; sorted where all are numbers or all are True and False."""
    first: dict[Key, Label] = {}
    for value in values:
        first.setdefault(key_of(value), value)
    distinct = list(first.values())
    if all(not isinstance(value, str) for value in distinct):
        distinct.sort(key=lambda value: (value, str(value)))
    return LabelSet(tuple(distinct), tuple(map(readable, distinct)), _index(distinct))


def labels_from_names(
    values: Sequence[Label], names: Sequence[Label], readable_names: Sequence[str]
) -> LabelSet | None:
    """Read values in the light of the names that are declared for them, in this order.

    Values may be the names themselves (also in other spelling: case, `_`, `-`), their indices from 0,
    their indices from 1, or False and True for two names. None if they are none of these.

    Args:
        values: the distinct values that occur.
        names: labels in order, as `meta.json` or the table of known tasks declares them.
        readable_names: a readable name for each.
    """
    shown = tuple(readable_names)
    exact = {**{("text", str(name)): i for i, name in enumerate(names)}, **_index(names)}
    if all(key_of(value) in exact for value in values):
        seen = {exact[key_of(value)] for value in values}
        return LabelSet(tuple(names), shown, exact, certain=len(seen) == len(names))
    if (numbers := _whole_numbers(values)) is not None:
        return _by_number(numbers, names, shown)
    if len(names) == 2 and all(isinstance(value, bool) for value in values):
        return LabelSet((False, True), shown, _index([False, True]))
    if len(names) == 2 and {str(value).casefold() for value in values} <= {"false", "true"}:
        by_fold = {str(value).casefold(): value for value in values}
        return LabelSet(
            (by_fold.get("false", "false"), by_fold.get("true", "true")),
            shown,
            {key_of(value): int(fold == "true") for fold, value in by_fold.items()},
            certain=False,
        )
    return _by_spelling(values, names, shown)


def maybe_from_one(values: Sequence[Label], label_set: LabelSet) -> list[str]:
    """What to tell where numbers were read as indices from 0, but none is 0: they might count from 1."""
    known = {key_of(label) for label in label_set.labels}
    present = [v for v in values if key_of(v) not in known]
    numbers = _whole_numbers(present)
    if not numbers or 0 in numbers or any(label_set.encode(v) != n for v, n in zip(present, numbers)):
        return []
    listed = ", ".join(f"{n} = {label_set.names[n]!r}" for n in sorted(numbers))
    return [f"Labels were read as numbers from 0, though none is 0: {listed}. From 1, write them as names."]


def readable(label: Label) -> str:
    """A label as words: `not_entailment` -> "not entailment", True -> "true", 4.0 -> "4"."""
    if isinstance(label, bool):
        return str(label).lower()
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    return " ".join(str(label).replace("_", " ").split())


def fold(label: Label) -> str:
    """A label's spelling without case, `_`, `-`: what two ways of writing it have in common."""
    return " ".join(str(label).casefold().replace("_", " ").replace("-", " ").split())


def check_class_count(label_set: LabelSet, rows: int, place: str, column: str) -> None:
    """Refuse a column that holds free text or scores rather than classes."""
    n = len(label_set.labels)
    if n > 20 and n > rows / 2:
        raise DataError(
            f"the label column {column!r} holds {n} different values in {rows} rows: no classes",
            where=place,
            hint="Say which column holds the label: --map label=COLUMN.",
        )


def _by_number(numbers: Sequence[int], names: Sequence[Label], shown: tuple[str, ...]) -> LabelSet | None:
    first = 0 if 0 in numbers or max(numbers) < len(names) else 1
    if not all(first <= number < len(names) + first for number in numbers):
        return None
    index: dict[Key, int] = {}
    for i in range(len(names)):
        index["number", i + first] = i
        index["text", str(i + first)] = i
    return LabelSet(tuple(names), shown, index, certain=0 in numbers or first == 1)


def _by_spelling(values: Sequence[Label], names: Sequence[Label], shown: tuple[str, ...]) -> LabelSet | None:
    places = {fold(name): i for i, name in enumerate(names)}
    if len(places) < len(names) or not all(isinstance(v, str) and fold(v) in places for v in values):
        return None
    labels = list(names)
    for value in reversed(values):
        labels[places[fold(value)]] = value
    return LabelSet(tuple(labels), shown, {key_of(v): places[fold(v)] for v in values}, certain=False)


def _whole_numbers(values: Sequence[Label]) -> list[int] | None:
    """The values as integers, where each is one or is written as one."""
    found: list[int] = []
    for value in values:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            return None
        if isinstance(value, str) and not (value.isascii() and value.isdigit()):
            return None
        found.append(int(value))
    return found


def _index(labels: Iterable[Label]) -> dict[Key, int]:
    return {key_of(label): i for i, label in enumerate(labels)}
