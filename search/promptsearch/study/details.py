"""What is looked at beside the choice: how firm it is, what it hangs on, where it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from promptsearch.study.curse import WinnersCurse, winners_curse
from promptsearch.study.finalist import BEST, BEST_OF_PLM, Finalist
from promptsearch.study.hardest import Hard
from promptsearch.study.importance import Importance
from promptsearch.study.selection import Selection
from promptsearch.study.sensitivity import Varied
from promptsearch.study.transfer import Transfer
from promptsearch.study.trial import Trial


@dataclass(frozen=True)
class Details:
    """Of one search; what was not asked for, or for which no time was left, is empty.

    Attributes:
        curse: what choosing by accuracy on dev would add to the highest accuracy there.
        hardest: test examples that the best prompt gets most wrong.
        sensitivity: the best prompt under small changes of its wording.
        transfer: each PLM's best prompt under the others.
        importances: how much each part of the choice explains of the spread on dev.
        left_out: parts of the report that there was no time for.
    """

    curse: WinnersCurse | None = None
    hardest: tuple[Hard, ...] = ()
    sensitivity: tuple[Varied, ...] = ()
    transfer: Transfer | None = None
    importances: tuple[Importance, ...] = ()
    left_out: tuple[str, ...] = ()


def best_of_each(finalists: Sequence[Finalist]) -> dict[str, Trial]:
    """PLM -> the trial that was chosen on it."""
    found: dict[str, Trial] = {}
    for finalist in finalists:
        if finalist.role in (BEST, BEST_OF_PLM):
            found.setdefault(finalist.trial.plm, finalist.trial)
    return found


def curse_of(selection: Selection) -> WinnersCurse | None:
    """What luck adds to the highest accuracy of the finalists; None where there are not two to compare."""
    n_dev = selection.chosen.dev.n
    stayed = [trial for trial in selection.finalists if len(trial.dev_correct) == n_dev]
    if len(stayed) < 2 or n_dev < 2:
        return None
    return winners_curse(np.stack([trial.dev_correct for trial in stayed]))
