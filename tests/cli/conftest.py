from __future__ import annotations

import json
from pathlib import Path

import pytest

ROWS = [
    {"text": f"a {word} film, number {i}", "label": label}
    for i in range(8)
    for word, label in (("good", "positive"), ("bad", "negative"))
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test runs in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines(path: str | Path, rows: list[dict[str, object]]) -> str:
    """Write rows as JSON lines."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return str(path)
