"""Sections of a report in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from promptsearch.report.document import (
    Block,
    CodeBlock,
    Heading,
    MarkedBlock,
    Paragraph,
    PictureBlock,
    TableBlock,
)
from promptsearch.report.html.text import code_pieces
from promptsearch.report.marks import code, escape, fenced, table
from promptsearch.report.mined_examples import marked_line


def block_markdown(block: Block) -> str:
    """A block; pictures are files beside the report."""
    match block:
        case Paragraph():
            return paragraph(block.text)
        case Heading():
            return f"### {escape(block.text)}"
        case TableBlock():
            return table([escape(title) for title in block.titles], block.rows)
        case PictureBlock():
            return picture(block.file, block.alternative)
        case CodeBlock():
            return fenced(block.text, block.language)
        case MarkedBlock():
            return _marked(block)
        case _:
            assert_never(block)


def paragraph(text: str) -> str:
    """Text in which nothing but what stands between backticks is read as markup."""
    return "".join(code(piece) if mark else _plain(piece) for piece, mark in code_pieces(text))


def picture(file: str, alternative: str) -> str:
    """A picture that is a file beside the report."""
    return f"![{escape(alternative)}]({file})"


def _plain(text: str) -> str:
    """Escaped, with the blanks at its ends, which part it from code."""
    if not text.strip():
        return " " if text else ""
    return f"{' ' * text[0].isspace()}{escape(text)}{' ' * text[-1].isspace()}"


def _marked(block: MarkedBlock) -> str:
    places: Sequence[str] = block.places or ("",) * len(block.sentences)
    return "\n".join(
        f"- {code(place) + ' ' if place else ''}{marked_line(pieces)}"
        for place, pieces in zip(places, block.sentences)
    )
