"""Markdown: tables, code and text in which nothing is read as markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; cells are escaped."""
    lines = [f"| {' | '.join(titles)} |", "|" + " --- |" * len(titles)]
    lines += [f"| {' | '.join(escape(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def escape(text: str) -> str:
    """Text in which nothing is read as Markdown or HTML, on one line."""
    line = " ".join(text.replace("\r", "").replace("\n", "⏎").split())
    for char in "\\`*_[]<>|#~$":
        line = line.replace(char, "\\" + char)
    return line.replace("&", "&amp;")


def code(text: str) -> str:
    """Text as inline code, whatever backticks it holds."""
    marks = "`" * (1 + _longest_run(text))
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{marks}{blank}{text}{blank}{marks}".replace("\n", "⏎")


def fenced(text: str, language: str = "text") -> str:
    """Text as a block of code, whatever backticks it holds."""
    marks = "`" * max(3, 1 + _longest_run(text))
    return f"{marks}{language}\n{text}\n{marks}"


def _longest_run(text: str) -> int:
    longest = run = 0
    for char in text:
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    return longest
