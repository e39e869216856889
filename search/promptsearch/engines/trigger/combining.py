"""Swaps of several places in one step: the best of each place together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.trigger.proposals import Proposal
from promptsearch.engines.trigger.reading import Filling


def combined(
    filling: Filling, proposals: Sequence[Proposal], gains: NDArray[np.float64], most: int
) -> list[Filling]:
    """The best two swaps of different places together, the best three, and so on up to `most`.

    Args:
        gains: what each proposal brings, less where it was read on few examples; those that bring nothing
            are left out.
    """
    best: dict[int, int] = {}
    for i in sorted(range(len(proposals)), key=lambda i: (-gains[i], proposals[i].filling)):
        if gains[i] > 0 and proposals[i].place >= 0:
            best.setdefault(proposals[i].place, i)
    together, found = list(filling), []
    for count, (place, i) in enumerate(list(best.items())[:most], 1):
        together[place] = proposals[i].filling[place]
        if count > 1:
            found.append(tuple(together))
    return found
