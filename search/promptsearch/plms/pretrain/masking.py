"""Which tokens of a batch are to be predicted, and what stands in their place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptsearch.plms.pretrain.data import Ids


@dataclass(frozen=True)
class SpecialIds:
    """Token ids with a meaning of their own.

    Attributes:
        words: ids that may stand in as random words, all but the special ones.
    """

    start: int
    end: int
    mask: int
    pad: int
    words: NDArray[np.int64]


@dataclass(frozen=True)
class MaskedBatch:
    """Arrays of shape (sequences, length).

    Attributes:
        inputs: ids with special tokens, masked, padded on the right.
        attention: true at tokens, false at padding.
        chosen: true where the token has to be predicted.
        targets: (chosen tokens,) the original ids at `chosen`, row by row.
    """

    inputs: NDArray[np.int64]
    attention: NDArray[np.bool_]
    chosen: NDArray[np.bool_]
    targets: NDArray[np.int64]


@dataclass(frozen=True)
class Shares:
    """`chosen` of all tokens are predicted; `masked` of these become the mask token, `kept` stay."""

    chosen: float
    masked: float
    kept: float


def mask_batch(
    sequences: list[Ids], special: SpecialIds, shares: Shares, random: np.random.Generator
) -> MaskedBatch:
    """Lay out sequences as one padded batch and mask it. At least one token is chosen."""
    longest = max(len(ids) for ids in sequences) + 2
    original = np.full((len(sequences), longest), special.pad, dtype=np.int64)
    words = np.zeros(original.shape, dtype=np.bool_)
    attention = np.zeros(original.shape, dtype=np.bool_)
    for row, ids in enumerate(sequences):
        original[row, : len(ids) + 2] = [special.start, *ids, special.end]
        words[row, 1 : len(ids) + 1] = True
        attention[row, : len(ids) + 2] = True
    chosen = words & (random.random(original.shape) < shares.chosen)
    if not chosen.any():
        chosen[0, 1] = True
    targets = original[chosen]
    fate = random.random(len(targets))
    replacement = np.where(fate < shares.masked, special.mask, targets)
    strangers = random.choice(special.words, size=len(targets))
    replacement = np.where(fate >= shares.masked + shares.kept, strangers, replacement)
    inputs = original.copy()
    inputs[chosen] = replacement
    return MaskedBatch(inputs, attention, chosen, targets)
