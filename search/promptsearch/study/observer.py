"""Who is told how a search goes on."""

from __future__ import annotations

from promptsearch.study.trial import Trial


class Observer:
    """Told what happens; does nothing. The command line draws progress bars from it."""

    def stage(self, text: str) -> None:
        """A new stage begins, such as loading a PLM or fetching one."""

    def advance(self, done: int, total: int) -> None:
        """Prompts of the stage that went through the model, of how many."""

    def reading(self, done: int, total: int | None, sentences: int) -> None:
        """Bytes of a corpus that have been read, of how many if that is known, and sentences so far."""

    def notice(self, text: str) -> None:
        """Something the user must know, such as a sample standing in for a data set."""

    def tried(self, trials: list[Trial]) -> None:
        """Some combinations were tried."""
