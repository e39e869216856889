"""The last comparison, where dev has more examples than every template was tried on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from promptsearch.plms.base import PLM
from promptsearch.readings import FloatArray, label_log_probs
from promptsearch.scoring import evaluate, predict, race
from promptsearch.scoring.race_records import RaceRules
from promptsearch.study.trial import Trial
from promptsearch.study.trying import of_gold
from promptsearch.tasks.task import Task, gold


def raced(finalists: Sequence[Trial], plms: Mapping[str, PLM], task: Task, seed: int) -> list[Trial]:
    """The finalists that are left when they have raced over all of dev, with their figures on all of it.

    Nothing but a test lets one leave (`RaceRules.level`); the manual prompt stays in any case.
    """
    readings = [_Reading(trial, plms[trial.plm], task) for trial in finalists]

    def score(racers: Sequence[int], examples: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        read = [readings[racer].read(examples) for racer in racers]
        return np.stack([each[0] for each in read]), np.stack([each[1] for each in read])

    done = race(
        score,
        len(finalists),
        gold(task.dev),
        RaceRules(share=None),
        seed,
        costs=[trial.cost for trial in finalists],
        protected=[i for i, trial in enumerate(finalists) if trial.is_baseline],
    )
    return [readings[i].on_all_of_dev() for i in done.standing]


def on_all_of_dev(trial: Trial, plm: PLM, task: Task) -> Trial:
    """The trial with its figures on all of dev."""
    return trial if trial.dev.n == len(task.dev) else _Reading(trial, plm, task).on_all_of_dev()


@dataclass
class _Reading:
    """A finalist, and its label log-probabilities on the dev examples that it was judged on."""

    trial: Trial
    plm: PLM
    task: Task
    known: dict[int, FloatArray] = field(default_factory=dict)

    def read(self, examples: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Log-probability of the true label, and whether the answer is right, of dev examples by number."""
        texts = [self.task.dev[i] for i in examples]
        candidate = self.trial.candidate
        log_probs = label_log_probs(
            self.plm,
            candidate.template,
            candidate.verbalizer,
            self.trial.calibration,
            self.trial.scoring,
            texts,
            None,
            candidate.readout,
        )
        self.known.update(zip(examples, log_probs))
        labels = gold(texts)
        return of_gold(log_probs, labels), predict(log_probs) == np.asarray(labels)

    def on_all_of_dev(self) -> Trial:
        """The trial with its figures on all of dev; a race that is soon decided has left some unread."""
        missing = [i for i in range(len(self.task.dev)) if i not in self.known]
        if missing:
            self.read(missing)
        log_probs = np.stack([self.known[i] for i in range(len(self.task.dev))])
        labels = gold(self.task.dev)
        return replace(
            self.trial,
            dev=evaluate(log_probs, labels),
            dev_correct=predict(log_probs) == np.asarray(labels),
            dev_predictions=predict(log_probs),
            dev_labels=np.asarray(labels, dtype=np.int64),
            dev_likelihoods=of_gold(log_probs, labels),
        )
