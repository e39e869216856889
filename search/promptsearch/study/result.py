"""What a search found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from promptsearch.engines.mining.mining import Mining
from promptsearch.prompt import Prompt
from promptsearch.scoring import Evaluation
from promptsearch.study.artefacts import FILE_OF_ENGINE
from promptsearch.study.details import Details
from promptsearch.study.ensembles import Ensemble
from promptsearch.study.finalist import BEST_OF_ENGINE, Finalist, manual_beside
from promptsearch.study.going_on import resume_command
from promptsearch.study.history import Moment
from promptsearch.study.selection import Selection
from promptsearch.study.trial import Trial
from promptsearch.study.triggers import TriggerSearch
from promptsearch.study.trying import Rejected
from promptsearch.tasks.task import Task


@dataclass(frozen=True)
class Draw:
    """What one draw of train and dev led to.

    Attributes:
        seed: of the draw.
        best, manual: the winner, and the manual prompt on its PLM.
        together: the ensemble's figures on test.
    """

    seed: int
    best: Finalist
    manual: Finalist | None
    together: Evaluation | None = None

    @classmethod
    def of(cls, seed: int, found: Discovery) -> Draw:
        """What a search found."""
        return cls(seed, found.best, found.manual, None if found.together is None else found.together.test)


@dataclass(frozen=True, repr=False)
class Discovery:
    """The outcome of `discover`.

    Attributes:
        prompt: the best prompt, ready to predict.
        prompts: file -> the best prompt of an engine that has a file of its own (`FILE_OF_ENGINE`).
        finalists: the best prompt first, then the best of every other PLM, the best hand-written one, the
            best trigger and the best with soft tokens where these are others, then manual prompts.
        majority: figures of always answering the most frequent class of train, on dev and test.
        trials: every combination that was tried.
        rejected: candidates that could not be tried, and why.
        unavailable: PLMs that were asked for by default and could not be had -> why.
        selection: what the best was chosen from, and how.
        interrupted: whether the run was stopped by the user.
        seconds: time taken, set-up included.
        seconds_on_top: in which a search that had been stopped got back to where it was.
        folder: where the files are.
        mining: what the engine `mining` found, before any PLM had read it.
        triggers: how triggers were searched on each PLM.
        ensembles: of each PLM's mined templates, where they were asked for.
        together: the best prompts as an ensemble; None where there is but one.
        details: what was looked at beside the choice.
        history: how the best on dev moved.
        evaluations: templates that were tried, those that left early included.
        draws: what other draws of train and dev led to, by seed.
        ended: `done` when all was tried, `budget` when time or evaluations were spent, `stopped` by the user.
        environment: versions, machine, devices and number formats.
        untried: PLMs that were loaded, but no template was tried on to the end.
    """

    task: Task
    prompt: Prompt
    finalists: tuple[Finalist, ...]
    majority_dev: Evaluation
    majority_test: Evaluation
    trials: tuple[Trial, ...]
    rejected: tuple[Rejected, ...]
    unavailable: dict[str, str]
    selection: Selection
    interrupted: bool
    seconds: float
    folder: Path
    command: str = ""
    mining: Mining | None = None
    triggers: tuple[TriggerSearch, ...] = ()
    ensembles: tuple[Ensemble, ...] = ()
    together: Ensemble | None = None
    details: Details = field(default_factory=Details)
    history: tuple[Moment, ...] = ()
    evaluations: int = 0
    draws: tuple[Draw, ...] = ()
    seconds_on_top: float = 0.0
    ended: Literal["done", "budget", "stopped"] = "done"
    environment: Mapping[str, str] = field(default_factory=dict)
    untried: tuple[str, ...] = ()
    prompts: Mapping[str, Prompt] = field(default_factory=dict)

    def __repr__(self) -> str:
        best, metric = self.best, self.task.metric
        split, figures = ("dev", best.trial.dev) if best.test is None else ("test", best.test)
        return (
            f"<Discovery for {self.task.name}: {str(best.trial.candidate.template)!r} on {best.trial.plm}, "
            f"{metric} {figures.value(metric):.3f} on {figures.n} {split} examples, in {str(self.folder)!r}>"
        )

    @property
    def alike(self) -> int:
        """How many of those compared on dev cannot be told apart from the first."""
        return len(self.selection.alike)

    @property
    def screened(self) -> int:
        """How many were compared on dev."""
        return self.selection.compared or len(self.selection.finalists)

    @property
    def n_dev_searched(self) -> int:
        """Dev examples that the search used for each combination; the finalists are compared on all."""
        return max((trial.dev.n for trial in self.trials if not trial.left_early), default=len(self.task.dev))

    @property
    def best(self) -> Finalist:
        """The winner."""
        return self.finalists[0]

    @property
    def manual(self) -> Finalist | None:
        """The manual prompt on the winner's PLM, where it could be tried."""
        return manual_beside(self.finalists)

    @property
    def beside(self) -> Mapping[str, str]:
        """Role -> file of prompts that were not chosen, but have a file of their own."""
        roles = {each.role for each in self.finalists}
        return {
            role: file
            for engine, file in FILE_OF_ENGINE.items()
            if file in self.prompts and (role := BEST_OF_ENGINE[engine]) in roles
        }

    @property
    def notices(self) -> Sequence[str]:
        """What the user must know."""
        told = list(self.task.notices)
        told += self.mining.notices if self.mining is not None else ()
        told += [f"{plm} was left out: {why}" for plm, why in self.unavailable.items()]
        told += [f"{plm} was left out: no template was tried on it to the end" for plm in self.untried]
        if self.interrupted:
            told.append(
                "The run was stopped early: this is the best of what had been tried. "
                f"`{resume_command(self.folder, self.command)}` goes on with it."
            )
        return told
