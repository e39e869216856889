"""Text on the page: what is shown of it, and which parts of it are marked."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from markupsafe import Markup

from promptsearch.showing import printable

SLOT = "▁▁▁"
"""The answer slot of a filled-in example."""
_LONGEST = 1_000
_PLACEHOLDER = re.compile(r"(\{\{|\}\}|\{[^{}]*\})")
_OPTION = re.compile(r"(?<!\S)(--[a-z][a-z-]*)")
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)


def shown(value: object) -> object:
    """What a template writes: text without control and direction marks, a dash for what is not there."""
    if value is None:
        return "–"
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value)
    return value


def shortened(text: str) -> str:
    """The text, cut after 1,000 characters; how many there were is said."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… ({len(text):,} characters)"


def template_pieces(source: str) -> list[tuple[str, str]]:
    """Pieces of a template with their marks: `mask`, `field` (soft tokens and triggers too) or none."""
    pieces = []
    for piece in _PLACEHOLDER.split(source):
        if not piece:
            continue
        name = piece[1:-1].strip() if piece[0] == "{" and piece != "{{" else None
        pieces.append((piece, "" if name is None else "mask" if name == "mask" else "field"))
    return pieces


def example_pieces(example: str) -> list[tuple[str, str]]:
    """Pieces of a filled-in template, the answer slot marked `mask`."""
    pieces = [(piece, "mask" if piece == SLOT else "") for piece in re.split(f"({SLOT})", example)]
    return [piece for piece in pieces if piece[0]]


def option_pieces(text: str) -> list[tuple[str, str]]:
    """Pieces of a sentence, options such as --resume marked `option`: a browser breaks lines within them."""
    pieces = [(piece, "option" if piece.startswith("--") else "") for piece in _OPTION.split(text)]
    return [piece for piece in pieces if piece[0]]


def code_pieces(text: str) -> list[tuple[str, str]]:
    """Pieces of a paragraph, those between backticks marked `code` and without them."""
    pieces, start = [], 0
    for match in _CODE.finditer(text):
        pieces += [(text[start : match.start()], ""), (_code_text(match[2]), "code")]
        start = match.end()
    return [piece for piece in [*pieces, (text[start:], "")] if piece[0]]


def _code_text(text: str) -> str:
    """One blank inside each mark keeps backticks of the code from the marks."""
    padded = text.startswith(" ") and text.endswith(" ") and text.strip()
    return text[1:-1] if padded else text


def json_text(value: dict[str, Any]) -> str:
    """JSON that reads back to the same value, with whatever cannot be shown as escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    if printable(text) == text:
        return text
    return "".join(char if printable(char) == char else f"\\u{ord(char):04x}" for char in text)


def image_address(svg: str) -> str:
    """A picture as an address that holds it whole."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
