"""Judging templates on growing parts of the data, until they leave or all is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from promptsearch.plms.base import PLM, AnswerScoring
from promptsearch.study.leaving import Leaders
from promptsearch.study.pools import Offer
from promptsearch.study.rungs import Rungs, examples_of
from promptsearch.study.selection import ranked_on_train
from promptsearch.study.trial import Trial
from promptsearch.study.trying import Rejected, try_candidates


@dataclass
class Judge:
    """Tries all combinations of templates, on one rung after the other.

    Attributes:
        calibrations: names.
        leaders: the best on each rung so far.
        rejected: candidates that could not be tried.
    """

    rungs: Rungs
    calibrations: Sequence[str]
    scoring: AnswerScoring
    leaders: Leaders = field(default_factory=Leaders)
    rejected: list[Rejected] = field(default_factory=list)

    def judged(
        self, plm: PLM, offers: Mapping[int, Offer], only: int | None = None
    ) -> Iterator[tuple[int, list[Trial], int | None]]:
        """Number and trials of each template as they are done, and examples used where it left early.

        What was fitted on all of train is judged on all of it at once.

        Args:
            only: the one rung to judge on, where that is known.
        """
        last = len(self.rungs.tasks) - 1
        fitted = any(c.train_log_probs is not None for offer in offers.values() for c in offer.candidates)
        first = last if fitted else 0
        left, refused = dict(offers), set[int]()

        def reject(rejected: Rejected) -> None:
            # On every rung again, but it is one candidate.
            if id(rejected.candidate) not in refused:
                refused.add(id(rejected.candidate))
                self.rejected.append(rejected)

        for rung in range(first, last + 1) if only is None else (only,):
            task = self.rungs.tasks[rung]
            numbers = {offer.template: number for number, offer in left.items()}
            candidates = [candidate for offer in left.values() for candidate in offer.candidates]
            seen: set[int] = set()
            tried = try_candidates(task, plm, candidates, self.calibrations, self.scoring, reject)
            for trials in tried:
                if not trials:
                    continue
                number = numbers[trials[0].candidate.template]
                seen.add(number)
                leaves = rung < last and (only is not None or self._leaves(rung, trials))
                if rung == last or leaves:
                    seen.discard(number)
                    early = [replace(trial, left_early=True) for trial in trials] if leaves else trials
                    yield number, early, examples_of(task) if leaves else None
            left = {number: left[number] for number in left if number in seen}

    def _leaves(self, rung: int, trials: Sequence[Trial]) -> bool:
        """Whether a template leaves at a rung, all of whose combinations these are."""
        best = ranked_on_train(trials, self.rungs.whole.metric)[0]
        return self.leaders.leaves(rung, best, any(trial.candidate.baseline for trial in trials))
