"""Small searches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from promptsearch import Discovery, discover

TEMPLATE = "{text} It was {mask}."
WORDS = {"negative": "bad", "positive": "good"}


def search(out: Path, task: str | None = "reviews", **options: Any) -> Discovery:
    """A search of hand-written prompts that takes under a second."""
    small = {"templates": [TEMPLATE], "shots": 4, "max_test": 12, "engines": "manual"}
    given: dict[str, Any] = small | options
    return discover(task, plms=["minilm-mlm"], device="cpu", dtype="float32", out=out, **given)


def films(label: object, word: str, n: int) -> list[dict[str, object]]:
    """Rows of n different texts with one word in common."""
    return [{"text": f"{word} film number {i}, seen in {1900 + 7 * i}", "label": label} for i in range(n)]
