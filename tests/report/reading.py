"""Reports as their readers see them."""

from __future__ import annotations

import pytest

markdown_it = pytest.importorskip("markdown_it", reason="markdown-it-py reads the reports")
READER = markdown_it.MarkdownIt("commonmark").enable("table")


def text_of(tokens) -> str:
    """What a reader sees: the text of all tokens."""
    found = []
    for token in tokens:
        if token.type in ("text", "code_inline", "fence"):
            found.append(token.content)
        elif token.children:
            found.append(text_of(token.children))
    return "".join(found)


def kinds(tokens) -> set[str]:
    return {token.type for token in tokens} | {
        child.type for token in tokens for child in token.children or ()
    }


def table_rows(tokens) -> list[list[str]]:
    """Cells of every row of every table, heads included."""
    rows: list[list[str]] = []
    for i, token in enumerate(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("td_open", "th_open"):
            rows[-1].append(text_of([tokens[i + 1]]))
    return rows
