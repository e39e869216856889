"""Folders that this package's own runs have written, which hold no text to mine in."""

from __future__ import annotations

import json
from pathlib import Path

from promptsearch.showing import count

_CONFIG = "config.json"
# Many tools have a file of that name; these keys together are in that of a run alone.
_KEYS = {"task", "fingerprint", "command", "versions"}


class Runs:
    """Which paths lie in a run's folder; each folder is looked at once."""

    def __init__(self) -> None:
        self._known: dict[Path, bool] = {}

    def holds(self, path: Path, within: Path | None = None) -> bool:
        """Whether a path is a run's folder or lies in one.

        Args:
            within: folders above this one are not asked; by default only the path and its own folder are.
        """
        if within is None:
            return self._is_run(path) or self._is_run(path.parent)
        below = len(path.relative_to(within).parts)
        return any(self._is_run(folder) for folder in path.parents[:below])

    @property
    def skipped(self) -> str:
        """How many folders of runs were met, as `2 run folders of promptsearch`."""
        return f"{count(sum(self._known.values()), 'run folder')} of promptsearch"

    @property
    def notices(self) -> tuple[str, ...]:
        """What to tell of them."""
        number = sum(self._known.values())
        if not number:
            return ()
        return (f"{self.skipped} {'was' if number == 1 else 'were'} left out of the corpus.",)

    def _is_run(self, folder: Path) -> bool:
        if folder not in self._known:
            self._known[folder] = _is_run(folder)
        return self._known[folder]


def _is_run(folder: Path) -> bool:
    try:
        config = json.loads((folder / _CONFIG).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(config, dict) and config.keys() >= _KEYS
