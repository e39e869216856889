"""Who is told how a training goes on."""

from __future__ import annotations

from promptsearch.engines.soft.course import Look
from promptsearch.study.observer import Observer


class TuneObserver(Observer):
    """Told what happens; does nothing. The command line draws a table from it."""

    def looked(self, look: Look) -> None:
        """Dev was looked at."""
