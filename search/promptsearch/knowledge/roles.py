"""Which role each label of a task plays: `pos`, `POSITIVE`, 1 and "5 stars" may all be `positive`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from promptsearch.verbalizer import Label

_STAR_WORDS = ("zero", "one", "two", "three", "four", "five")
_NUMBER = re.compile(
    r"(?:_*(?:label|class|rating|score|grade)[\s_-]*)?"  # label_1, class 1
    r"([+-]?[0-9]+(?:\.[0-9]+)?)"
    r"[\s_-]*(?:stars?)?"  # 1 star
)


@dataclass(frozen=True)
class RoleMatch:
    """Roles of a task's labels, in their order; None where a label has no role of the kind.

    Attributes:
        by: `name`, or `number` when bare numbers were taken in the customary order.
    """

    roles: tuple[str | None, ...]
    by: Literal["name", "number"] = "name"

    def unmatched(self, names: Sequence[str]) -> list[str]:
        """Names of the labels without a role."""
        return [name for name, role in zip(names, self.roles) if role is None]


def match_roles(
    labels: Sequence[Label],
    names: Sequence[str],
    spellings: Mapping[str, Iterable[str]],
    numbered: Iterable[Sequence[str]] = (),
) -> RoleMatch:
    """Match labels to roles, by readable name first, then by the label itself.

    A role goes to one label only; where several would have it, the one that is the role's own name has
    it, else the first. When no label matches by name and all are numbers, the roles of `numbered` for
    that many labels are given from the smallest number to the largest.

    Args:
        labels, names: the task's labels as they stand in the data, and their readable names.
        spellings: role -> spellings of labels that have it.
        numbered: roles of labels that are numbers, smallest first; one entry for each count of labels.
    """
    by_spelling = {normal_name(s): role for role, known in spellings.items() for s in (role, *known)}
    found = [
        by_spelling.get(normal_name(n)) or by_spelling.get(normal_name(x)) for n, x in zip(names, labels)
    ]
    if not any(found):
        ranked = _by_number(names, numbered) or _by_number(labels, numbered)
        if ranked is not None:
            return RoleMatch(ranked, "number")
    return RoleMatch(tuple(_unique(found, names, labels)))


def number_of(label: Label) -> float | None:
    """The number that a label is: 1, True, "2", "label_1", "3 stars", "one star"; None when it is a name."""
    if isinstance(label, bool | int | float):
        return float(label)
    text = label.strip().lower()
    if text in ("false", "true"):
        return float(text == "true")
    if stars := re.fullmatch(rf"({'|'.join(_STAR_WORDS)})[\s_-]*stars?", text):
        return float(_STAR_WORDS.index(stars.group(1)))
    found = _NUMBER.fullmatch(text)
    return float(found.group(1)) if found else None


def normal_name(label: Label) -> str:
    """A label in lower case, its words apart: `not_entailment`, `Sci/Tech`, `OfficeHolder`, `__label__x`."""
    text = re.sub(r"^_*label_+", "", str(label).strip(), flags=re.IGNORECASE)
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    text = re.sub(r"['’]", "", text)
    return " ".join(re.sub(r"[\W_]+", " ", text).lower().split()) or str(label).strip().lower()


def _by_number(labels: Sequence[Label], numbered: Iterable[Sequence[str]]) -> tuple[str, ...] | None:
    numbers = [number_of(label) for label in labels]
    roles = next((entry for entry in numbered if len(entry) == len(labels)), None)
    if roles is None or None in numbers or len(set(numbers)) < len(numbers):
        return None
    order = sorted(number for number in numbers if number is not None)
    return tuple(roles[order.index(number)] for number in numbers if number is not None)


def _unique(found: Sequence[str | None], names: Sequence[str], labels: Sequence[Label]) -> list[str | None]:
    """Each role for one label only."""
    owner: dict[str, int] = {}
    for i, role in enumerate(found):
        if role is None:
            continue
        own_name = normal_name(role) in (normal_name(names[i]), normal_name(labels[i]))
        if role not in owner or (own_name and normal_name(role) != normal_name(names[owner[role]])):
            owner[role] = i
    return [role if role is not None and owner[role] == i else None for i, role in enumerate(found)]
