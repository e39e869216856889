"""A search that is killed again and again, at random moments, and gone on with each time."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from promptsearch.artefact import read_prompt_file
from promptsearch.bench.fresh_cache import fresh_cache
from promptsearch.bench.sittings import broken_files, sit, study_of
from promptsearch.errors import PromptSearchError
from promptsearch.study.artefacts import PROMPT_FILE
from promptsearch.study.progress import SUMMARY
from promptsearch.study.sampler import group_and_number
from promptsearch.study.spent import spent, spent_on_top

# A sitting that goes on for so much longer than the budget hangs.
_PATIENCE_SECONDS = 120.0
# Share of the kills that do not fall while a sitting is still being set up, when there is little to lose.
_IN_SEARCH = 0.8


@dataclass(frozen=True)
class Kill:
    """One kill, by SIGKILL.

    Attributes:
        after: seconds since the sitting first wrote to its study, or since the process was started.
        in_search: which of the two.
        before: trials that were finished before the sitting.
        finished: trials that were finished when it was killed.
        lost: numbers of trials that were finished before and are not, or otherwise, now.
        broken: files that are no JSON, and why.
        torn: whether the journal's last line had no end, which its next opening cuts.
    """

    after: float
    in_search: bool
    before: int
    finished: int
    lost: tuple[int, ...]
    broken: tuple[str, ...]
    torn: bool


@dataclass(frozen=True)
class Killed:
    """What a run that was killed has come to.

    Attributes:
        minutes: the budget.
        seconds: of all processes together, start of Python included.
        counted: seconds that the study says were spent.
        on_top: seconds in which sittings got back to where the search was; those of sittings that were killed
            before they said so are not among them.
        trials: finished at the end.
        lost: trials that were finished at the last kill and are not now.
        repeated: templates that were tried to the end more than once.
        valid: whether the prompt file can be read.
    """

    kills: tuple[Kill, ...]
    minutes: float
    seconds: float
    counted: float
    on_top: float
    trials: int
    lost: tuple[int, ...]
    repeated: int
    valid: bool

    @property
    def sound(self) -> bool:
        """Whether nothing was lost, repeated or half-written."""
        kept = not self.lost and not any(kill.lost or kill.broken for kill in self.kills)
        return kept and self.repeated == 0 and self.valid

    @property
    def within_budget(self) -> bool:
        """Whether no more was spent than the budget and a tenth of it."""
        return self.counted <= 1.1 * 60 * self.minutes

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {
            "kills": len(self.kills),
            "in_the_search": sum(kill.in_search for kill in self.kills),
            "finished": [kill.finished for kill in self.kills],
            "lost": sorted({*self.lost, *(number for kill in self.kills for number in kill.lost)}),
            "broken": [problem for kill in self.kills for problem in kill.broken],
            "torn_journals": sum(kill.torn for kill in self.kills),
            "budget_seconds": 60 * self.minutes,
            "counted_seconds": round(self.counted, 1),
            "within_budget": self.within_budget,
            "seconds_on_top": round(self.on_top, 1),
            "seconds": round(self.seconds, 1),
            "trials": self.trials,
            "repeated": self.repeated,
            "valid": self.valid,
        }


def run(
    options: Sequence[str], folder: Path, kills: int, minutes: float, seed: int = 0, longest: float = 8.0
) -> Killed:
    """Search with `promptsearch discover`, kill it so often, then let it end.

    Args:
        options: of `promptsearch discover`, without --out, --minutes and --resume.
        folder: of the run; empty or not there.
        longest: seconds that a sitting which is killed gets at most: four of five times counted from its
            first word to the study, else from the start of its process. The search may end before all kills.

    Raises:
        ContenderError: a sitting failed.
    """
    draw, known, done, taken = random.Random(seed), dict[int, object](), list[Kill](), 0.0
    given, patience = [*options, "--minutes", f"{minutes:g}"], 60 * minutes + _PATIENCE_SECONDS
    with fresh_cache() as env:
        while True:
            after = draw.uniform(0.0, longest) if len(done) < kills else None
            in_search = draw.random() < _IN_SEARCH
            begun = time.monotonic()
            ended = sit("discover", given, folder, env, patience, after, in_search)
            taken += time.monotonic() - begun
            found = finished(folder)
            lost = tuple(number for number, what in known.items() if found.get(number) != what)
            if ended or after is None:
                break
            broken, torn = broken_files(folder)
            done.append(Kill(after, in_search, len(known), len(found), lost, broken, torn))
            known = found
    with study_of(folder) as study:
        trials = [] if study is None else study.get_trials(deepcopy=False)
        counted, on_top = (0.0, 0.0) if study is None else (spent(study), spent_on_top(study))
    return Killed(
        tuple(done), minutes, taken, counted, on_top, len(found), lost, _repeated(trials), _is_valid(folder)
    )


def finished(folder: Path) -> dict[int, object]:
    """Trials that are finished, by number, with all that must stay as it is."""
    with study_of(folder) as study:
        trials = [] if study is None else _done(study.get_trials(deepcopy=False))
    return {trial.number: (trial.state, trial.values, trial.params) for trial in trials}


def _done(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    return [trial for trial in trials if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)]


def _repeated(trials: Sequence[FrozenTrial]) -> int:
    """How many templates were tried to the end once more."""
    places = [group_and_number(trial.params) for trial in _done(trials) if SUMMARY in trial.user_attrs]
    return len(places) - len(set(places))


def _is_valid(folder: Path) -> bool:
    try:
        read_prompt_file(folder / PROMPT_FILE)
    except PromptSearchError:
        return False
    return True
