"""When a template leaves the race before all of train and dev was spent on it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from promptsearch.scoring.paired import sign_test
from promptsearch.study.trial import Trial

LEVEL = 0.05
"""Bound on the chance that the best template leaves a search by a test."""
RIVALS = 100
"""Templates that a search is taken to compare; the level is split over them (Bonferroni)."""


@dataclass
class Leaders:
    """The best template so far on every rung, with which each that comes to the rung is compared.

    All are judged on the same examples, those of train and dev. The test is the exact one-sided McNemar test
    on right and wrong answers, at `LEVEL` split over the rungs and over `RIVALS`; see
    `promptsearch.scoring.racing` for why it is not on log-likelihoods, and for what the bound says. The label
    words and the calibration of each were chosen on train, which flatters both alike. The prompt that a
    person would write first never leaves.

    Attributes:
        rungs: how many there are before the last.
    """

    rungs: int = 1
    best: dict[int, Trial] = field(default_factory=dict)

    def leaves(self, rung: int, trial: Trial, protected: bool = False) -> bool:
        """Whether a template, under the combination that does best on train, leaves at a rung.

        Args:
            protected: it is that of the prompt that a person would write first.
        """
        leader = self.best.get(rung)
        if leader is None or _correct(trial).mean() > _correct(leader).mean():
            self.best[rung] = trial
            return False
        if protected:
            return False
        mine, theirs = _correct(trial), _correct(leader)
        p_value = sign_test(int((mine & ~theirs).sum()), int((theirs & ~mine).sum()), "less")
        return float(p_value) < LEVEL / (self.rungs * RIVALS)


def _correct(trial: Trial) -> NDArray[np.bool_]:
    return np.concatenate([trial.train_correct, trial.dev_correct])
