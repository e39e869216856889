"""Which examples come when in a race, and how many candidates can be paid for."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from promptsearch.scoring.metrics import IntArray

FIRST_SHARE = 1 / 16
FEWEST_FIRST = 4
_BISECTIONS = 40


def stratified_order(gold: ArrayLike, seed: int) -> IntArray:
    """A shuffled order (n,) of the examples in which every prefix has the class shares.

    The number of a class in the first m differs by less than 2 from its share of m: each class is shuffled,
    and its i-th example gets a random place within the i-th of equal parts of the order.
    """
    labels = np.asarray(gold, dtype=np.int64)
    generator = np.random.default_rng(seed)
    place = np.empty(len(labels))
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        place[members] = (np.arange(len(members)) + generator.random(len(members))) / len(members)
    return np.argsort(place, kind="stable").astype(np.int64)


def block_ends(n: int, first: int | None, growth: float, share: float | None) -> tuple[int, ...]:
    """Numbers of examples after which a race looks at the scores; the last is n."""
    if first is None:
        most = n if share is None else max(1, int(share * n / 2))
        first = min(max(FEWEST_FIRST, int(FIRST_SHARE * n)), most)
    ends = [min(first, n)]
    while ends[-1] < n:
        ends.append(min(n, max(ends[-1] + 1, round(ends[-1] * growth))))
    return tuple(ends)


def affordable(racers: int, others: int, blocks: ArrayLike, budget: float) -> int:
    """How many racers may go on if their number falls by the same factor after every block.

    Args:
        others: candidates that go on in any case, as long as two racers are in.
        blocks: sizes of the blocks to come.
        budget: evaluations left.

    Returns:
        At least 1. The race is over when one is left, and costs nothing from there.
    """
    sizes = np.asarray(blocks, dtype=np.int64)
    steps = np.arange(1, len(sizes) + 1)

    def kept(factor: float) -> IntArray:
        return np.maximum(1, np.floor(racers * factor**steps + 0.5)).astype(np.int64)

    def cost(numbers: IntArray) -> int:
        return int((sizes * np.where(numbers > 1, numbers + others, 0)).sum())

    if cost(np.full(len(sizes), racers)) <= budget:
        return racers
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        factor = (low + high) / 2
        low, high = (factor, high) if cost(kept(factor)) <= budget else (low, factor)
    return int(kept(low)[0])
