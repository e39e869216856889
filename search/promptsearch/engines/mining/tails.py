"""Frames that are another frame cut off at its beginning: "in all it was" of "all in all it was"."""

from __future__ import annotations

from collections.abc import Mapping, Set

from promptsearch.engines.mining.counts import Pair, Place

Outlined = tuple[tuple[str, ...], tuple[str, ...], bool, bool]
"""What frames that are alike share: words left and right of the slot, and what sort of frame it is."""
Seen = Mapping[Pair, tuple[Place, str]]
"""Pair -> the first place it was seen at, and the wording there."""

# Of the pairs of a frame, the share that may be met with one and the same longer frame.
_ALIKE = 0.8


def tails(frames: Mapping[Outlined, Seen]) -> Set[Outlined]:
    """The frames that end a longer one and are met in little but its sentences.

    Where different words stand before it, a frame is one by itself (accessor variety, Feng et al. 2004): "it
    was" is, "in all it was" never stands without "all".
    """
    found: set[Outlined] = set()
    for (left, right, noun, question), seen in frames.items():
        for start in range(1, len(left) + 1):
            tail = left[start:], right, noun, question
            if tail in frames and tail not in found and _is_met_with(frames[tail], seen):
                found.add(tail)
    return found


def _is_met_with(tail: Seen, longer: Seen) -> bool:
    """Whether more than that share of the tail's pairs were first seen in the longer frame's sentence."""
    together = sum(pair in longer and place[:3] == longer[pair][0][:3] for pair, (place, _) in tail.items())
    return together > _ALIKE * len(tail)
