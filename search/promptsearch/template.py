"""Templates: how an input is worded, and where the answer goes.

A template is text with pieces in braces:

    {text} {text_a} {subject}   a field of the task
    {mask}                      the answer slot, exactly one
    {soft*5}                    five soft tokens, to be learned
    {soft:it was}               soft tokens started from words
    {trigger*3}                 three tokens, to be searched
    {{ }}                       a literal brace

`{text} It was {mask}.` is a *cloze* template (text after the slot), `{text} It was {mask}` a *prefix*
template (the answer comes last), following the terms of Liu et al. 2023, "Pre-train, Prompt, and Predict".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from promptsearch.errors import TemplateError, near_matches

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_COUNTED = re.compile(r"(soft|trigger)\*(.*)\Z", re.DOTALL)
RESERVED = ("mask", "soft", "trigger")
MAX_SLOT_TOKENS = 1000


@dataclass(frozen=True)
class Text:
    """Words of the template itself."""

    text: str

    def __str__(self) -> str:
        return self.text.replace("{", "{{").replace("}", "}}")


@dataclass(frozen=True)
class Field:
    """A place that is filled from the example."""

    name: str

    def __str__(self) -> str:
        return f"{{{self.name}}}"


@dataclass(frozen=True)
class Mask:
    """The answer slot."""

    def __str__(self) -> str:
        return "{mask}"


@dataclass(frozen=True)
class Soft:
    """Soft tokens: `count` of them, or as many as the words in `init` have tokens."""

    count: int | None = None
    init: str | None = None

    def __str__(self) -> str:
        if self.init is not None:
            return "{soft:" + self.init.replace("{", "{{").replace("}", "}}") + "}"
        return f"{{soft*{self.count}}}"


@dataclass(frozen=True)
class Trigger:
    """`count` tokens to be searched."""

    count: int

    def __str__(self) -> str:
        return f"{{trigger*{self.count}}}"


Piece = Text | Field | Mask | Soft | Trigger


@dataclass(frozen=True)
class Template:
    """A parsed template. Two templates are equal when their pieces are; `str` gives the source again."""

    pieces: tuple[Piece, ...]

    @classmethod
    def parse(cls, source: str) -> Template:
        """Read a template.

        Raises:
            TemplateError: showing the source with a caret under the place that is wrong.
        """
        return cls(tuple(_parse(source)))

    def __str__(self) -> str:
        return "".join(str(piece) for piece in self.pieces)

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields in order of first use."""
        return tuple(dict.fromkeys(piece.name for piece in self.pieces if isinstance(piece, Field)))

    @property
    def slot(self) -> int:
        """Index of the answer slot among the pieces."""
        return next(i for i, piece in enumerate(self.pieces) if isinstance(piece, Mask))

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

    def check_fields(self, known: Iterable[str]) -> None:
        """Refuse a template that names a field the task lacks, or that reads no field at all."""
        names = list(known)
        source = str(self)
        for name in self.fields:
            if name not in names:
                near = near_matches(name, names)
                meant = f"Did you mean {{{near[0]}}}? " if near else ""
                raise TemplateError(
                    f"the template names the field {{{name}}}, which the task does not have",
                    where=point_at(source, source.index(f"{{{name}}}")),
                    hint=meant + "Fields of the task: " + ", ".join(f"{{{n}}}" for n in names) + ".",
                )
        if not self.fields and names:
            raise TemplateError(
                "the template reads no field, so every example would get the same answer",
                where=point_at(source, 0),
                hint="Fields of the task: " + ", ".join(f"{{{n}}}" for n in names) + ".",
            )

    def check_left_to_right(self, reference: str) -> None:
        """Refuse text after the slot, for a PLM that only reads left to right."""
        if self.form == "prefix":
            return
        source = str(self)
        end = source.index("{mask}") + len("{mask}")
        raise TemplateError(
            f"text after {{mask}} cannot be read by {reference}, which reads from left to right only",
            where=point_at(source, end),
            hint=f"End the template with the slot: {source[:end]!r}, or take a masked PLM.",
        )

    def fill(self, values: Mapping[str, object], answer: str = "{mask}") -> str:
        """The whole prompt as one string, for people to read."""
        shown = {Field: lambda p: str(values.get(p.name, "")), Mask: lambda p: answer, Text: lambda p: p.text}
        return "".join(shown.get(type(piece), str)(piece) for piece in self.pieces)


def point_at(source: str, position: int) -> str:
    """The template's line that holds `position`, with a caret under it."""
    start = source.rfind("\n", 0, position) + 1
    end = source.find("\n", position)
    line = source[start : end if end >= 0 else len(source)]
    return f"{line}\n{' ' * (position - start)}^"


def _parse(source: str) -> list[Piece]:
    pieces: list[Piece] = []
    text: list[str] = []
    slots: list[int] = []

    def flush() -> None:
        if text:
            pieces.append(Text("".join(text)))
            text.clear()

    i = 0
    while i < len(source):
        char = source[i]
        if source.startswith(("{{", "}}"), i):
            text.append(char)
            i += 2
        elif char == "{":
            content, end = _braced(source, i)
            flush()
            piece = _piece(content, source, i)
            pieces.append(piece)
            if isinstance(piece, Mask):
                slots.append(i)
            i = end
        elif char == "}":
            raise TemplateError("a } without its {", where=point_at(source, i), hint="Write }} for a literal brace.")
        else:
            text.append(char)
            i += 1
    flush()
    _check_slots(source, slots)
    return pieces


def _braced(source: str, start: int) -> tuple[str, int]:
    """The content of the piece that opens at `start` (braces undoubled), and the index behind it."""
    content: list[str] = []
    i = start + 1
    while i < len(source):
        if source.startswith("}", i):
            # Inside {soft:...} a doubled brace is literal, as it is outside.
            if "".join(content).startswith("soft:") and source.startswith("}}", i) and source.find("}", i + 2) >= 0:
                content.append("}")
                i += 2
                continue
            return "".join(content), i + 1
        if source.startswith("{{", i) and "".join(content).startswith("soft:"):
            content.append("{")
            i += 2
            continue
        if source[i] == "{":
            break
        content.append(source[i])
        i += 1
    raise TemplateError("a { that is never closed", where=point_at(source, start), hint="Write {{ for a literal brace.")


def _piece(content: str, source: str, start: int) -> Piece:
    where = point_at(source, start)
    if content == "mask":
        return Mask()
    if content.startswith("soft:"):
        init = content[len("soft:") :]
        if not init.strip():
            raise TemplateError("{soft:…} without words to start from", where=where, hint="Write {soft*5} for five free soft tokens.")
        return Soft(init=init)
    if counted := _COUNTED.match(content):
        kind, number = counted.groups()
        if not re.fullmatch(r"[0-9]+", number) or not 1 <= int(number) <= MAX_SLOT_TOKENS:
            raise TemplateError(
                f"{{{kind}*{number}}}: the number of tokens must be between 1 and {MAX_SLOT_TOKENS}",
                where=where,
                hint=f"For example {{{kind}*3}}.",
            )
        return Soft(count=int(number)) if kind == "soft" else Trigger(int(number))
    if not _NAME.match(content):
        raise TemplateError(
            f"{{{content}}} is not a piece of a template" if content else "empty braces",
            where=where,
            hint="Pieces are {mask}, {soft*5}, {soft:words}, {trigger*3} and fields such as {text}.",
        )
    if content in RESERVED:
        raise TemplateError(f"{{{content}}} needs a number of tokens", where=where, hint=f"For example {{{content}*3}}.")
    return Field(content)


def _check_slots(source: str, slots: list[int]) -> None:
    if not slots:
        suggestion = source.rstrip() + (" " if source.strip() else "") + "{mask}"
        raise TemplateError(
            "the template has no answer slot {mask}",
            where=point_at(source, len(source)),
            hint=f"Put {{mask}} where the answer belongs, for example {suggestion!r}.",
        )
    if len(slots) > 1:
        raise TemplateError(
            "the template has more than one answer slot",
            where=point_at(source, slots[1]),
            hint="Keep one {mask}; an answer of several tokens needs no second slot.",
        )
