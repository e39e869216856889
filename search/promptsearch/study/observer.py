"""Who is told how a search goes on."""

from __future__ import annotations

from dataclasses import dataclass

from promptsearch.engines.trigger.history import Improvement
from promptsearch.study.trial import Trial
from promptsearch.study.triggers import DevFigure


@dataclass(frozen=True)
class Status:
    """How a search stands.

    Attributes:
        best: figure on dev of what would be chosen now; None before anything was tried.
        evaluations: templates that were evaluated.
        combinations: of template, label words, PLM and calibration that were tried here.
        seconds: taken so far.
        left: seconds left for searching; None without a limit.
        workers: trials that are under way, here and elsewhere.
    """

    best: float | None
    metric: str
    evaluations: int
    combinations: int
    seconds: float
    left: float | None
    workers: int = 1


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

    def status(self, status: Status) -> None:
        """How the search stands, every now and then."""

    def improved(self, plm: str, found: Improvement, dev: DevFigure | None) -> None:
        """A better trigger was found on a PLM; with its figure on dev, which the search does not look at."""
