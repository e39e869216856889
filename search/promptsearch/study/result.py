"""What a search found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from promptsearch.engines.mining.mining import Mining
from promptsearch.prompt import Prompt
from promptsearch.scoring import Evaluation
from promptsearch.study.ensembles import MinedEnsemble
from promptsearch.study.trial import Trial
from promptsearch.study.trying import Rejected
from promptsearch.tasks.task import Task


@dataclass(frozen=True)
class Finalist:
    """A trial that stands in the comparison table.

    Attributes:
        role: `best`, `best of its PLM`, or `manual` (the prompt a person would write first).
        test: figures on test, None when the run was stopped before.
        shortened: test texts of which a field was cut.
    """

    role: str
    trial: Trial
    test: Evaluation | None = None
    shortened: int = 0


@dataclass(frozen=True)
class Discovery:
    """The outcome of `discover`.

    Attributes:
        prompt: the best prompt, ready to predict.
        finalists: the best prompt first, then the best of every other PLM, then manual prompts.
        majority: figures of always answering the most frequent class of train, on dev and test.
        trials: every combination that was tried.
        rejected: candidates that could not be tried, and why.
        unavailable: PLMs that were asked for by default and could not be had -> why.
        alike: how many of those chosen on train cannot be told apart from the best on dev.
        interrupted: whether the run was stopped by the user.
        seconds: time taken, set-up included.
        folder: where the files are.
        mining: what the engine `mining` found, before any PLM had read it.
        ensembles: of each PLM's mined templates, where they were asked for.
    """

    task: Task
    prompt: Prompt
    finalists: tuple[Finalist, ...]
    majority_dev: Evaluation
    majority_test: Evaluation
    trials: tuple[Trial, ...]
    rejected: tuple[Rejected, ...]
    unavailable: dict[str, str]
    alike: int
    screened: int
    interrupted: bool
    seconds: float
    folder: Path
    command: str = ""
    mining: Mining | None = None
    ensembles: tuple[MinedEnsemble, ...] = ()

    @property
    def best(self) -> Finalist:
        """The winner."""
        return self.finalists[0]

    @property
    def manual(self) -> Finalist | None:
        """The manual prompt on the winner's PLM, where it could be tried."""
        return next(
            (f for f in self.finalists if f.role == "manual" and f.trial.plm == self.best.trial.plm), None
        )

    @property
    def notices(self) -> Sequence[str]:
        """What the user must know."""
        told = list(self.task.notices)
        told += self.mining.notices if self.mining is not None else ()
        told += [f"{plm} was left out: {why}" for plm, why in self.unavailable.items()]
        if self.interrupted:
            told.append(
                "The run was stopped early: this is the best of what had been tried. The same command "
                "goes on quickly, since answer states are kept."
            )
        return told
