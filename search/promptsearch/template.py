"""Templates: how an input is worded, and where the answer goes.

A template is text with pieces in braces:

    {text} {text_a} {subject}   a field of the task
    {mask}                      the answer slot, exactly one
    {soft*5}                    five soft tokens, to be learned
    {soft:it was}               soft tokens started from words
    {trigger*3}                 three tokens, to be searched
    {ids:2307 318}              exact tokens of one PLM, found by a search, that no text becomes
    {{ }}                       a literal brace, in text only

`{text} It was {mask}.` is a *cloze* template (text after the slot), `{text} It was {mask}` a *prefix*
template (the answer comes last), following the terms of Liu et al. 2023, "Pre-train, Prompt, and Predict".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from promptsearch.errors import TemplateError, near_matches
from promptsearch.pieces import (
    Field,
    Mask,
    Piece,
    Soft,
    Text,
    Tokens,
    Trigger,
    point_at,
    quoted,
    read_pieces,
)

__all__ = ["Field", "Mask", "Piece", "Soft", "Template", "Text", "Tokens", "Trigger", "point_at"]

_FOREIGN_MASK = re.compile(r"\[MASK\]|<mask>|<extra_id_0>", re.IGNORECASE)


@dataclass(frozen=True)
class Template:
    """A template with one answer slot; `str` gives its source, and parsing that gives it again.

    Neighbouring texts are merged and empty ones left out, so templates that read the same are equal.

    Raises:
        TemplateError: there is no answer slot, or more than one.
    """

    pieces: tuple[Piece, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "pieces", tuple(_merged(self.pieces)))
        slots = [i for i, piece in enumerate(self.pieces) if isinstance(piece, Mask)]
        if not slots:
            raise _without_slot(str(self))
        if len(slots) > 1:
            raise TemplateError(
                "the template has more than one answer slot",
                where=point_at(str(self), self._position(slots[1])),
                hint="Keep one {mask}; an answer of several tokens needs no second slot.",
            )

    @classmethod
    def parse(cls, source: str) -> Template:
        """Read a template; `str` of it is `source` again.

        Raises:
            TemplateError: showing the source with a caret under the place that is wrong.
        """
        return cls(tuple(read_pieces(source)))

    def __str__(self) -> str:
        return "".join(str(piece) for piece in self.pieces)

    def _position(self, index: int) -> int:
        """Where a piece starts in the source."""
        return sum(len(str(piece)) for piece in self.pieces[:index])

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields in order of first use."""
        return tuple(dict.fromkeys(piece.name for piece in self.pieces if isinstance(piece, Field)))

    @property
    def slot(self) -> int:
        """Index of the answer slot among the pieces."""
        return self.pieces.index(Mask())

    @property
    def left(self) -> tuple[Piece, ...]:
        """Pieces before the answer slot."""
        return self.pieces[: self.slot]

    @property
    def right(self) -> tuple[Piece, ...]:
        """Pieces after the answer slot."""
        return self.pieces[self.slot + 1 :]

    @property
    def form(self) -> Literal["cloze", "prefix"]:
        """`prefix` when nothing but blank follows the slot, else `cloze`."""
        blank = all(isinstance(piece, Text) and not piece.text.strip() for piece in self.right)
        return "prefix" if blank else "cloze"

    @property
    def has_free_slots(self) -> bool:
        """Whether soft or trigger tokens still have to be found."""
        return any(isinstance(piece, Soft | Trigger) for piece in self.pieces)

    @property
    def key(self) -> str:
        """What tells it from every other template, for caches."""
        return str(self)

    def with_tokens(self, groups: Sequence[Sequence[int]]) -> Template:
        """The template with token ids in place of its trigger slots, in order."""
        return self._with_triggers([Tokens(tuple(int(token) for token in ids)) for ids in groups])

    def with_words(self, texts: Sequence[str]) -> Template:
        """The template with text in place of its trigger slots, in order.

        Blanks before a slot go: a token that begins a word brings its own, as the answer does.
        """
        before_trigger = [isinstance(piece, Trigger) for piece in (*self.pieces[1:], Mask())]
        kept = (
            Text(piece.text.rstrip(" ")) if followed and isinstance(piece, Text) else piece
            for piece, followed in zip(self.pieces, before_trigger)
        )
        return Template(tuple(kept))._with_triggers([Text(text) for text in texts])

    def _with_triggers(self, found: Sequence[Piece]) -> Template:
        slots = [i for i, piece in enumerate(self.pieces) if isinstance(piece, Trigger)]
        at = dict(zip(slots, found, strict=True))
        return Template(tuple(at.get(i, piece) for i, piece in enumerate(self.pieces)))

    def check_fields(self, known: Iterable[str]) -> None:
        """Refuse a template that names a field the task lacks, or that reads no field at all.

        Raises:
            TemplateError: pointing at the field, with the nearest one that exists.
        """
        names = list(known)
        listed = f"Fields of the task: {', '.join(f'{{{name}}}' for name in names) or 'none'}."
        for index, piece in enumerate(self.pieces):
            if isinstance(piece, Field) and piece.name not in names:
                near = near_matches(piece.name, names, most=1)
                by_label = " `promptsearch tune` asks label by label with {label}." * (piece.name == "label")
                raise TemplateError(
                    f"the template names the field {piece}, which the task does not have",
                    where=point_at(str(self), self._position(index)),
                    hint=(f"Did you mean {{{near[0]}}}? " if near else "") + listed + by_label,
                )
        if not self.fields and names:
            raise TemplateError(
                "the template reads no field, so every example would get the same answer",
                where=point_at(str(self), 0),
                hint=listed,
            )

    def check_left_to_right(self, reference: str) -> None:
        """Refuse text after the slot, for a PLM that only reads left to right.

        Raises:
            TemplateError: pointing at the first thing after the slot.
        """
        if self.form == "prefix":
            return
        source = str(self)
        end = self._position(self.slot + 1)
        after = source[end:]
        if any(isinstance(piece, Field) for piece in self.right):
            advice = "Move {mask} to the end"
        else:
            advice = f"End the template with the slot: {quoted(source[:end])}"
        raise TemplateError(
            f"text after {{mask}} cannot be read by {reference}, which reads from left to right only",
            where=point_at(source, end + len(after) - len(after.lstrip())),
            hint=f"{advice}, or take a masked PLM.",
        )

    def fill(self, values: Mapping[str, object], answer: str = "{mask}") -> str:
        """The whole prompt as one string, for people to read; a field without a value is left empty."""
        return "".join(_shown(piece, values, answer) for piece in self.pieces)


def _shown(piece: Piece, values: Mapping[str, object], answer: str) -> str:
    if isinstance(piece, Text):
        return piece.text
    if isinstance(piece, Mask):
        return answer
    if isinstance(piece, Tokens):
        return f"⟨{' '.join(map(str, piece.ids))}⟩"
    return str(values.get(piece.name, "")) if isinstance(piece, Field) else str(piece)


def _merged(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The pieces with neighbouring texts joined and empty ones dropped."""
    for is_text, run in groupby(pieces, lambda piece: isinstance(piece, Text)):
        if not is_text:
            yield from run
        elif text := "".join(piece.text for piece in run if isinstance(piece, Text)):
            yield Text(text)


def _without_slot(source: str) -> TemplateError:
    kept = source.rstrip()
    if foreign := _FOREIGN_MASK.search(source):
        position, hint = foreign.start(), f"Write {{mask}} in place of {foreign[0]}."
    else:
        position = len(kept)
        example = quoted(f"{kept} {{mask}}".lstrip())
        hint = f"Put {{mask}} where the answer belongs, for example {example}."
    return TemplateError(
        "the template has no answer slot {mask}", where=point_at(source, position), hint=hint
    )
