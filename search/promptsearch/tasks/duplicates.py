"""Repeated texts: within the data to search on, and between it and the test split."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from promptsearch.tasks.task import Example


@dataclass(frozen=True)
class Cleaned:
    """Pools without repetitions, in their old order, and how many rows left for which reason.

    Attributes:
        in_test: rows whose text also stands in the test split.
        contradicting: rows whose text occurs with several labels; all of them leave.
        repeated: rows that repeat an earlier one.
    """

    pools: tuple[tuple[Example, ...], ...]
    in_test: int
    contradicting: int
    repeated: int

    @property
    def notices(self) -> tuple[str, ...]:
        """What was left out, in words."""
        told = (
            (self.in_test, "whose text also stands in the test split"),
            (self.contradicting, "whose text occurs with different labels"),
            (self.repeated, "with the same text and label as an earlier one"),
        )
        return tuple(f"Left out of train and dev: {count_rows(n)} {why}." for n, why in told if n)


def clean_pools(
    pools: Sequence[Sequence[Example]], test: Sequence[Example], fields: Sequence[str], *, facts: bool = False
) -> Cleaned:
    """Take repetitions out of the pools that train and dev are drawn from; the test split stays as it is.

    Texts are the same when their words are, up to case and blanks. A text that is repeated with one
    label stays once, at its first place, counted over all pools together. Facts differ when their
    objects do, so that a subject with two objects (twinned towns, say) is two facts.
    """

    tested = {content_key(example, fields, facts=facts) for example in test}
    keyed = [[(content_key(example, fields, facts=facts), example) for example in pool] for pool in pools]
    labels: dict[Hashable, int | None] = {}
    torn: set[Hashable] = set()
    for pool in keyed:
        for k, example in pool:
            if labels.setdefault(k, example.label) != example.label:
                torn.add(k)
    in_test = contradicting = repeated = 0
    seen: set[Hashable] = set()
    kept: list[tuple[Example, ...]] = []
    for pool in keyed:
        stays: list[Example] = []
        for k, example in pool:
            if k in tested:
                in_test += 1
            elif k in torn:
                contradicting += 1
            elif k in seen:
                repeated += 1
            else:
                seen.add(k)
                stays.append(example)
        kept.append(tuple(stays))
    return Cleaned(tuple(kept), in_test, contradicting, repeated)


def content_key(example: Example, fields: Sequence[str], *, facts: bool = False) -> Hashable:
    """What two examples have in common whose texts are the same in the sense of `clean_pools`."""
    words = tuple(" ".join(example.values[field].split()).casefold() for field in fields)
    return (words, example.label) if facts else words


def count_rows(n: int) -> str:
    """`1 row`, `2 rows`."""
    return f"{n:,} row{'' if n == 1 else 's'}"
