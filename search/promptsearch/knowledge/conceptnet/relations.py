"""Which relations of ConceptNet lead from a label's name to words for the label, and in which direction."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Literal

from promptsearch.errors import OptionError, near_matches

Direction = Literal["both", "incoming", "outgoing"]

DEFAULT_FACTORS: Mapping[str, float] = {
    "Synonym": 1.0,
    "FormOf": 0.9,
    "SimilarTo": 0.8,
    "IsA": 0.7,
    "DerivedFrom": 0.7,
    "HasContext": 0.6,
    "PartOf": 0.5,
    "RelatedTo": 0.5,
}
"""What an assertion's weight is multiplied by.

In the order of how surely a word so related answers for the label: the same meaning, the same word in
another form, then kinds, derived words, the vocabulary of a field, parts of the thing; last the relation
that says only that there is one, half of the English assertions. Left out are relations that lead to
sentences rather than words (UsedFor, HasSubevent, Desires), to places and materials (AtLocation, MadeOf), and
to other languages' words (EtymologicallyRelatedTo).
"""

# "football IsA sport": the kinds of a label's thing come in to its name; what goes out is more general than
# the label (sport IsA activity) and soon common to all labels.
_INCOMING = ("IsA", "InstanceOf", "HasContext", "PartOf", "MannerOf")
_OUTGOING = ("HasA", "HasSubevent", "UsedFor", "CapableOf", "HasProperty", "DefinedAs", "Causes")

_OPPOSITE = ("Antonym", "DistinctFrom", "NotCapableOf", "NotDesires", "NotHasProperty")


def direction(relation: str) -> Direction:
    """The side of a label on which the relation has words for it; both where it is symmetric or unknown.

    `incoming` means assertions that end in the label's name. FormOf and DerivedFrom are followed both ways:
    from the name to its root and from the name to its forms.
    """
    if relation in _INCOMING:
        return "incoming"
    return "outgoing" if relation in _OUTGOING else "both"


def checked_factors(factors: Mapping[str, float] | None, present: Iterable[str]) -> dict[str, float]:
    """The relations to follow, each with its factor, those of the default where None.

    Args:
        factors: by relation, with or without `/r/`.
        present: relations of the index.

    Raises:
        OptionError: a factor that is no positive number, a relation that leads to opposites, one that is
            neither in the index nor among the default ones, or none that is in the index.
    """
    present = sorted(present)
    given = DEFAULT_FACTORS if factors is None else factors
    chosen = {relation.removeprefix("/r/"): factor for relation, factor in given.items()}
    for relation, factor in chosen.items():
        _check(relation, factor, present)
    if not chosen:
        raise OptionError("no relation to follow is named", where="relations")
    if not set(chosen) & set(present):
        raise OptionError(
            "none of the relations to follow occurs in the file: " + ", ".join(chosen),
            hint="It has " + ", ".join(present[:20]) + "; name those to follow.",
        )
    return chosen


def _check(relation: str, factor: float, present: list[str]) -> None:
    if relation in _OPPOSITE:
        raise OptionError(
            f"{relation} leads to words that mean something else than the label", where="relations"
        )
    if relation not in present and relation not in DEFAULT_FACTORS:
        close = near_matches(relation, [*present, *DEFAULT_FACTORS])
        hint = (
            f"Did you mean {' or '.join(close)}?" if close else "There are " + ", ".join(present[:20]) + "."
        )
        raise OptionError(f"no assertion has the relation {relation!r}", where="relations", hint=hint)
    if not (math.isfinite(factor) and factor > 0):
        raise OptionError(f"the factor of {relation} is {factor}, not a number above 0", where="relations")
