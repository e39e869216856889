"""A report in which every text that comes from data, models or users tries to get out of its place."""

from __future__ import annotations

import json
from typing import Any

from promptsearch.report.document import ReportDocument
from tests.report.documents import small_document

SCRIPT = "<script>alert(1)</script>"
IMAGE = "\"><img src=x onerror=alert(1)>'"
DIRECTIONS = "\u202eflipped\u2066\x1b[31m"
CLOSING = "</style></title></pre></code></script>--><svg onload=alert(1)>{{ 7*7 }}`"
HOSTILE = f"{SCRIPT}{IMAGE}{DIRECTIONS}{CLOSING}"

_FIXED = {"format", "version", "metric", "svg", "file", "language"}
"""Keys whose values are not free; pictures and their names are made by this software."""
_KINDS = {"paragraph", "heading", "table", "picture", "code", "marked"}


def hostile_document() -> ReportDocument:
    """The small report with every free text followed, and every name in it, by what would do harm."""
    return ReportDocument.model_validate_json(json.dumps(_spoiled(small_document().model_dump(mode="json"))))


def _spoiled(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        free_names = key in ("fields", "words", "splits", "environment")
        return {
            (name + HOSTILE if free_names else name): _spoiled(item, name) for name, item in value.items()
        }
    if key == "sentences":
        return [[[_spoiled(text), mark] for text, mark in sentence] for sentence in value]
    if isinstance(value, list):
        return [_spoiled(item, "" if isinstance(item, dict) else key) for item in value]
    fixed = key in _FIXED or (key == "kind" and value in _KINDS)
    return value + HOSTILE if isinstance(value, str) and not fixed else value
