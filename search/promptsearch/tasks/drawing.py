"""Drawing some of many examples."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice, zip_longest
from random import Random

from promptsearch.tasks.task import Example


def drawn_by_class(examples: Sequence[Example], most: int, seed: int) -> list[int]:
    """Indices of at most `most` examples in their order, every class (and those without label) in turn."""
    if len(examples) <= most:
        return list(range(len(examples)))
    classes: dict[int | None, list[int]] = {}
    for i, example in enumerate(examples):
        classes.setdefault(example.label, []).append(i)
    for label, members in classes.items():
        Random(f"{seed} {label}").shuffle(members)
    in_turn = chain.from_iterable(zip_longest(*classes.values()))
    return sorted(islice((i for i in in_turn if i is not None), most))
