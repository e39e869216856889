"""What a search engine is, and what it finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from promptsearch.plms.base import PLM, AnswerScoring
from promptsearch.readings import label_log_probs
from promptsearch.scoring import Calibration, Readout
from promptsearch.tasks.task import Example, Task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer


@dataclass(frozen=True)
class Budget:
    """How much an engine may spend; None is no limit."""

    seconds: float | None = None
    evaluations: int | None = None


@dataclass(frozen=True)
class Candidate:
    """A template with a verbalizer, and where it comes from.

    Attributes:
        template: with the vectors of its soft tokens, where it has some (`promptsearch.soft.SoftTemplate`).
        engine: name of the engine that found it.
        provenance: whatever tells how it was found (source sentence, step, loss), JSON-able.
        baseline: whether this is the prompt a person would write first, beside which others are judged.
        calibration: fitted together with the verbalizer, in the order of its `words`; then no other is
            tried.
        calibrated_on: texts that the calibration was fitted on, where they are not just those of train.
        readout: scores labels by the answer states, with or without the words' scores.
        train_log_probs: (n_train, L) label log-probabilities of each train example from a fit that did not
            see its label. Its figures on train are then these; else those of the prompt as it stands.
        fitted: whether its template was made to do well on train, so that its figures there flatter it.
    """

    template: Template
    verbalizer: Verbalizer
    engine: str
    provenance: Mapping[str, object] = field(default_factory=dict)
    baseline: bool = False
    calibration: Calibration | None = None
    calibrated_on: int | None = None
    readout: Readout | None = None
    train_log_probs: NDArray[np.floating] | None = field(default=None, compare=False, repr=False)
    fitted: bool = False


def candidate_log_probs(
    plm: PLM, candidate: Candidate, scoring: AnswerScoring, examples: Sequence[Example]
) -> NDArray[np.float64]:
    """Label log-probabilities (n, L) of a candidate that brings its calibration; see `label_log_probs`.

    Raises:
        ValueError: it brings none.
    """
    if candidate.calibration is None:
        raise ValueError("the candidate is not calibrated")
    return label_log_probs(
        plm,
        candidate.template,
        candidate.verbalizer,
        candidate.calibration,
        scoring,
        examples,
        readout=candidate.readout,
    )


class Engine(Protocol):
    """Finds candidates for a task on a PLM."""

    name: str

    def search(self, task: Task, plm: PLM, budget: Budget, seed: int) -> Iterator[Candidate]:
        """Candidates as they are found, so that results stream and a search can be stopped.

        Only `task.train` may be looked at; selection on `task.dev` is the study's business.
        """
        ...
