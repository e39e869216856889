"""Files that a command has written."""

from __future__ import annotations

from pathlib import Path


def read(path: str | Path) -> str:
    return Path(path).read_text("utf-8")


def names_in(folder: str | Path) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())
