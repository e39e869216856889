"""Dots along a strip: those at about the same place are stacked to both sides of its middle."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from promptsearch.report.document import CandidatePoint

RADIUS = 3.0
PITCH = 6.0
"""Width of what counts as one place, and distance of stacked dots, in units."""


@dataclass(frozen=True)
class Placed:
    """A candidate, where it stands along the strip, in units, and its share on dev."""

    x: float
    value: float
    point: CandidatePoint


@dataclass(frozen=True)
class Dot:
    """One circle: how far from the middle of the strip, and whom it stands for."""

    x: float
    offset: float
    members: tuple[Placed, ...]

    @property
    def finalist(self) -> bool:
        return self.members[0].point.finalist


def per_dot(strips: Iterable[Sequence[Placed]], height: float) -> int:
    """For how many candidates a dot stands, in all strips alike, so that they stack within their strips.

    Finalists are left out, since each has a dot of its own.
    """
    fullest = max((n for strip in strips for n in _counts(strip).values()), default=1)
    return math.ceil(fullest / int(height // PITCH))


def _counts(strip: Sequence[Placed]) -> Counter[int]:
    return Counter(_column(placed) for placed in strip if not placed.point.finalist)


def _column(placed: Placed) -> int:
    return math.floor(placed.x / PITCH)


def columns(strip: Sequence[Placed], each: int, height: float) -> list[list[Dot]]:
    """The dots of a strip, a list a place.

    Args:
        each: for how many candidates a dot stands; a finalist has its own.
        height: of the strip, in units; stacks that finalists make too high are pressed together.
    """
    places: dict[int, list[Placed]] = {}
    for placed in sorted(strip, key=lambda placed: placed.x):
        places.setdefault(_column(placed), []).append(placed)
    return [_stack(members, each, height) for members in places.values()]


def _stack(members: Sequence[Placed], each: int, height: float) -> list[Dot]:
    own = [(placed,) for placed in members if placed.point.finalist]
    rest = [placed for placed in members if not placed.point.finalist]
    chunks = [*own, *(tuple(rest[i : i + each]) for i in range(0, len(rest), each))]
    pitch = min(PITCH, height / len(chunks))
    return [
        # 0, 1, -1, 2, -2, … from the middle.
        Dot(_middle(chunk), pitch * ((i + 1) // 2) * (1 if i % 2 else -1), chunk)
        for i, chunk in enumerate(chunks)
    ]


def _middle(chunk: Sequence[Placed]) -> float:
    return sum(placed.x for placed in chunk) / len(chunk)
