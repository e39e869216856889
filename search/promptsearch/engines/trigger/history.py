"""What a search has come to, step by step; plain values that a screen, a report or a checkpoint takes."""

from __future__ import annotations

from dataclasses import dataclass, field

Groups = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Swap:
    """One token that took another's place.

    Attributes:
        place: index among all trigger places of the template, from 0.
        old, new: texts of the tokens.
    """

    place: int
    old: str
    new: str


@dataclass(frozen=True)
class Improvement:
    """A trigger that is better than every one before it on its template.

    Attributes:
        template: source of the template, with its `{trigger*n}`.
        ids: token ids of each trigger slot, in order.
        text: what each of them decodes to.
        loss: objective on train, lower being better.
        accuracy: on train.
        step: steps of the whole search, from 0 for a start.
        restart: 0 for the first start.
        evaluations: (candidate, example) pairs read until then, gradients included.
        seconds: spent until then, over all sittings.
        swaps: what changed against the trigger the step came from; empty for a start.
        start: what kind of start this goes back to (`words`, `mask`, `random`, `template`, `buffer`).
    """

    template: str
    ids: Groups
    text: tuple[str, ...]
    loss: float
    accuracy: float
    step: int
    restart: int
    evaluations: int
    seconds: float
    swaps: tuple[Swap, ...] = ()
    start: str = "words"


@dataclass(frozen=True)
class Restart:
    """One start and how it ended.

    Attributes:
        loss: best that was reached from it.
        reason: why it was given up (`nothing moves`, `patience`, `budget`).
    """

    template: str
    start: str
    steps: int
    loss: float
    reason: str


@dataclass(frozen=True)
class History:
    """The whole course of a search."""

    improvements: tuple[Improvement, ...] = ()
    restarts: tuple[Restart, ...] = ()
    evaluations: int = 0
    seconds: float = 0.0
    reason: str = ""
    notes: tuple[str, ...] = field(default=())
