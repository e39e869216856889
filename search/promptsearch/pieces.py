"""Pieces of a template, and the reader that takes a source apart into them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from promptsearch.errors import TemplateError

RESERVED = ("mask", "soft", "trigger")
MAX_SLOT_TOKENS = 1000

# Text (with doubled braces), a piece, or a brace that is neither.
_TOKEN = re.compile(r"(?P<text>(?:[^{}]|\{\{|\}\})+)|\{(?P<piece>[^{}]*)\}|[{}]")
_COUNTED = re.compile(r"(soft|trigger)\*(.*)", re.DOTALL)
_NUMBER = re.compile(r"[1-9][0-9]{0,3}")
# As many digits as any vocabulary needs.
_IDS = re.compile(r"(0|[1-9][0-9]{0,8})( (0|[1-9][0-9]{0,8}))*")
_PIECES_HINT = (
    "Pieces are {mask}, {soft*5}, {soft:words}, {trigger*3} and fields such as {text}, "
    "named with letters, digits and _."
)
_SHOWN_COLUMNS = 72
_UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Text:
    """Words of the template itself."""

    text: str

    def __str__(self) -> str:
        return self.text.replace("{", "{{").replace("}", "}}")


@dataclass(frozen=True)
class Field:
    """A place that is filled from the example. Its name has letters of any script, digits and `_`."""

    name: str

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            message = f"{quoted(str(self))} is not a piece of a template" if self.name else "empty braces"
            raise TemplateError(message, hint=_PIECES_HINT)
        if self.name in RESERVED[1:]:
            raise TemplateError(f"{self} needs a number of tokens", hint=f"For example {{{self.name}*3}}.")
        if self.name.lower() in RESERVED:
            raise TemplateError(
                f"{self} cannot name a field", hint=f"Write {{{self.name.lower()}}} in lower case."
            )

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

    def __post_init__(self) -> None:
        if (self.count is None) == (self.init is None):
            raise TemplateError("soft tokens need either a number or words to start from")
        if self.init is None:
            _check_count("soft", str(self.count))
        elif not self.init.strip():
            raise TemplateError(
                "{soft:…} without words to start from", hint="Write {soft*5} for five free soft tokens."
            )
        elif "{" in self.init or "}" in self.init:
            raise TemplateError("the words that soft tokens start from cannot hold braces")

    def __str__(self) -> str:
        return f"{{soft*{self.count}}}" if self.init is None else f"{{soft:{self.init}}}"


@dataclass(frozen=True)
class Trigger:
    """`count` tokens to be searched."""

    count: int

    def __post_init__(self) -> None:
        _check_count("trigger", str(self.count))

    def __str__(self) -> str:
        return f"{{trigger*{self.count}}}"


@dataclass(frozen=True)
class Tokens:
    """Exact token ids of one PLM, for what no text becomes."""

    ids: tuple[int, ...]

    def __post_init__(self) -> None:
        if not _IDS.fullmatch(" ".join(map(str, self.ids))) or len(self.ids) > MAX_SLOT_TOKENS:
            raise _bad_ids(str(self))

    def __str__(self) -> str:
        return f"{{ids:{' '.join(map(str, self.ids))}}}"


# What stands for tokens by itself, not for characters of a text.
Place = Soft | Trigger | Tokens
Piece = Text | Field | Mask | Place


def read_pieces(source: str) -> Iterator[Piece]:
    """The pieces of a template's source, in order.

    Raises:
        TemplateError: showing the source with a caret under the piece that is wrong.
    """
    for token in _TOKEN.finditer(source):
        if (text := token["text"]) is not None:
            yield Text(text.replace("{{", "{").replace("}}", "}"))
            continue
        try:
            if token["piece"] is None:
                raise _stray_brace(source, token.start())
            yield _piece(token["piece"])
        except TemplateError as error:
            where = point_at(source, token.start())
            raise TemplateError(error.message, where=where, hint=error.hint) from None


def _piece(content: str) -> Piece:
    if content == "mask":
        return Mask()
    if content.startswith("soft:"):
        return Soft(init=content.removeprefix("soft:"))
    if content.startswith("ids:"):
        if not _IDS.fullmatch(ids := content.removeprefix("ids:")):
            raise _bad_ids(f"{{{content}}}")
        return Tokens(tuple(map(int, ids.split(" "))))
    meant = "".join(content.split()) if "*" in content else content.strip()
    if meant != content and (meant.isidentifier() or _COUNTED.fullmatch(meant)):
        raise TemplateError(f"blanks in {quoted(f'{{{content}}}')}", hint=f"Write {{{meant}}}.")
    if counted := _COUNTED.fullmatch(content):
        kind, number = counted.groups()
        _check_count(kind, number)
        return Soft(count=int(number)) if kind == "soft" else Trigger(int(number))
    return Field(content)


def _check_count(kind: str, number: str) -> None:
    if not _NUMBER.fullmatch(number) or int(number) > MAX_SLOT_TOKENS:
        raise TemplateError(
            f"{quoted(f'{{{kind}*{number}}}')} must have between 1 and {MAX_SLOT_TOKENS} tokens",
            hint=f"For example {{{kind}*3}}.",
        )


def _bad_ids(source: str) -> TemplateError:
    return TemplateError(
        f"{quoted(source)} must have between 1 and {MAX_SLOT_TOKENS} token ids, with one blank between them",
        hint="For example {ids:2307 318}.",
    )


def _stray_brace(source: str, position: int) -> TemplateError:
    if source[position] == "}":
        return TemplateError("a } without its {", hint="Write }} for a literal brace.")
    if source.startswith("{soft:", position):
        return TemplateError(
            "the words of {soft:…} are never closed, or hold a brace",
            hint="End them with }; braces, doubled or not, cannot stand in them.",
        )
    return TemplateError("a { that is never closed", hint="Write {{ for a literal brace.")


def point_at(source: str, position: int) -> str:
    """The line of `source` that holds the character at `position`, with a caret under it.

    Of a long line the part around the position is shown; characters that would steer a terminal are not.
    """
    start = source.rfind("\n", 0, position) + 1
    line = source[start:].split("\n", 1)[0].rstrip("\r")
    line = _UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", line)
    column = position - start
    if len(line) > _SHOWN_COLUMNS:
        first = max(0, min(column - _SHOWN_COLUMNS // 2, len(line) - _SHOWN_COLUMNS))
        before, after = "…" * (first > 0), "…" * (first + _SHOWN_COLUMNS < len(line))
        line = before + line[first : first + _SHOWN_COLUMNS] + after
        column += len(before) - first
    # A tab above must be a tab below, or the caret stands elsewhere.
    return line + "\n" + "".join("\t" if char == "\t" else " " for char in line[:column]) + "^"


def quoted(source: str) -> str:
    """Source as it is written in a message: on one line, and of a long one the end."""
    shown = source if len(source) <= _SHOWN_COLUMNS else "…" + source[-_SHOWN_COLUMNS:]
    return f'"{shown}"' if shown.isprintable() and '"' not in shown else repr(shown)
