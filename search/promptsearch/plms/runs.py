"""A prompt as runs: text, which a tokenizer encodes, between places, which are tokens by themselves.

Places are the answer slot, tokens given by their ids, and trigger and soft tokens. No token reaches over one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from promptsearch.errors import TemplateError
from promptsearch.pieces import Field, Piece, Place, Soft, Text, quoted
from promptsearch.template import Template

Ids = list[int]
Offsets = Sequence[tuple[int, int]]
Span = tuple[int, int]
Part = tuple[Piece, ...] | Place


@dataclass(frozen=True)
class Run:
    """Text without a place in it, of one prompt.

    Attributes:
        text: without the template's blanks before a place, since a token that begins a word brings its own.
        spans: which of its characters come from fields.
        follows: whether it stands after a place, so that its first token starts no document.
    """

    text: str
    spans: tuple[Span, ...]
    follows: bool


def parts_of(pieces: Sequence[Piece]) -> list[Part]:
    """The pieces on one side of the answer slot as texts and places, in order."""
    parts: list[Part] = []
    for is_place, group in groupby(pieces, lambda piece: isinstance(piece, Place)):
        run = tuple(group)
        parts += [piece for piece in run if isinstance(piece, Place)] if is_place else [run]
    return parts


def places_of(template: Template) -> list[Place]:
    """Places other than the answer slot, in order."""
    return [piece for piece in template.pieces if isinstance(piece, Place)]


def runs_of(parts: Sequence[Part], values: Mapping[str, str], right: bool) -> list[Run | Place]:
    """The parts of one side with an example in the fields."""
    runs: list[Run | Place] = []
    for i, part in enumerate(parts):
        if isinstance(part, Place):
            runs.append(part)
            continue
        last = i + 1 == len(parts)
        text, spans = _render(part, values) if last else _render(_without_last_blanks(part), values)
        # Before the slot those left over by an empty field go as well.
        runs.append(Run(text.rstrip(" ") if last and not right else text, spans, right or i > 0))
    return runs


def _without_last_blanks(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    *others, last = pieces
    return (*others, Text(last.text.rstrip(" "))) if isinstance(last, Text) else pieces


def _render(pieces: Sequence[Piece], values: Mapping[str, str]) -> tuple[str, tuple[Span, ...]]:
    parts: list[str] = []
    spans: list[Span] = []
    at = 0
    for piece in pieces:
        text = values[piece.name].strip() if isinstance(piece, Field) else getattr(piece, "text", "")
        if isinstance(piece, Field):
            spans.append((at, at + len(text)))
        parts.append(text)
        at += len(text)
    return "".join(parts), tuple(spans)


def shorten(
    runs: Sequence[Run | Place], encoded: Sequence[tuple[Ids, Offsets]], room: int, template: Template
) -> list[Ids]:
    """Ids of each run, cut to `room` tokens in all by taking the ends of the longest fields.

    Raises:
        TemplateError: the template's own words and places exceed the room.
    """
    owners: list[int] = []
    first = 0
    for run, (ids, offsets) in zip(runs, encoded):
        spans = run.spans if isinstance(run, Run) else ()
        owners += _owners(offsets, spans, first) if isinstance(run, Run) else [-1] * len(ids)
        first += len(spans)
    keep = iter(_keep(owners, room, template))
    return [[token for token in ids if next(keep)] for ids, _ in encoded]


def _owners(offsets: Offsets, spans: Sequence[Span], first: int) -> list[int]:
    """For each token the number of the field span it starts in (counted from `first`), or -1."""
    owners: list[int] = []
    for start, _ in offsets:
        owner = next((i for i, (a, b) in enumerate(spans) if a <= start < b), None)
        owners.append(-1 if owner is None else first + owner)
    return owners


def _keep(owners: Sequence[int], room: int, template: Template) -> list[bool]:
    """Which tokens stay: all of the template's, and the head of each field, the longest cut first."""
    counts = np.bincount([owner for owner in owners if owner >= 0] or [0], minlength=1)
    fixed = sum(owner < 0 for owner in owners)
    if fixed > room:
        soft = any(isinstance(piece, Soft) for piece in template.pieces)
        own = "words and soft tokens" if soft else "words"
        raise TemplateError(
            f"the template's own {own} take {fixed} tokens, but the PLM has room for {max(room, 0)}",
            where=quoted(str(template)),
            hint="Shorten the template, or take a PLM with a longer context.",
        )
    left = water_level(counts, room - fixed)
    keep: list[bool] = []
    for owner in owners:
        if owner < 0:
            keep.append(True)
        else:
            keep.append(bool(left[owner] > 0))
            left[owner] -= 1
    return keep


def water_level(counts: NDArray[np.int_], room: int) -> NDArray[np.int_]:
    """Cut the largest counts down until the sum is `room`: equal heights, earlier fields get the rest."""
    if counts.sum() <= room:
        return counts.copy()
    low, high = 0, int(counts.max())
    while low < high:
        middle = (low + high + 1) // 2
        if np.minimum(counts, middle).sum() <= room:
            low = middle
        else:
            high = middle - 1
    kept = np.minimum(counts, low)
    for i in np.flatnonzero(counts > low)[: room - int(kept.sum())]:
        kept[i] += 1
    return kept
