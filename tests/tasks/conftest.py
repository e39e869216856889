from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from promptsearch.errors import PromptSearchError
from promptsearch.hub import hub_reachable
from promptsearch.tasks import load_task
from promptsearch.tasks.task import Task

Write = Callable[[str, object], Path]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No network and no earlier downloads."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "hub-cache"))
    hub_reachable.cache_clear()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write text, bytes, or rows as JSON lines, into a file below tmp_path."""

    def write_file(name: str, content: object) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_bytes(content.encode())
        else:
            path.write_bytes(jsonl(content))
        return path

    return write_file


def jsonl(rows: object) -> bytes:
    assert isinstance(rows, Iterable)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def rows_of(*pairs: tuple[str, object]) -> list[Mapping[str, object]]:
    """Rows of text and label."""
    return [{"text": text, "label": label} for text, label in pairs]


def seen(task: Task, split: str) -> list[tuple[str, int | None]]:
    return [(" | ".join(example.values.values()), example.label) for example in task.splits[split]]


def error_of(*args, **options) -> PromptSearchError:
    with pytest.raises(PromptSearchError) as caught:
        load_task(*args, **options)
    return caught.value
