"""One combination a trial: random search and plain TPE over what the engines offer, as Optuna is mostly used.

Nothing here knows what costs a forward pass and what does not: every trial draws a PLM, an engine, a
template, label words and a calibration, and tries just that. Answer states of a template that was read
before are taken from the PLM's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import optuna
from optuna.samplers import BaseSampler
from optuna.trial import TrialState

from promptsearch.engines.base import Budget, Candidate
from promptsearch.errors import DataError, KnowledgeError, TemplateError, VerbalizerError
from promptsearch.plms.base import PLM, AnswerScoring
from promptsearch.study.budget import Clock, TimeUp
from promptsearch.study.offers import WORDS
from promptsearch.study.pools import Group, Offer, offers_of
from promptsearch.study.setup import Engines
from promptsearch.study.trial import Trial
from promptsearch.study.trying import try_candidates
from promptsearch.tasks.task import Task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

_FOUND_NOTHING = (DataError, KnowledgeError, TemplateError, VerbalizerError)
Pools = Mapping[Group, Sequence[Offer]]


@dataclass(frozen=True)
class Combination:
    """What one trial tries.

    Attributes:
        calibration: None where the candidate brings its own.
    """

    group: Group
    candidate: Candidate
    calibration: str | None


@dataclass
class Space:
    """Every combination that the engines offer.

    Attributes:
        pools: templates that are known beforehand.
        words_for: candidates with label words found for a template on a PLM, which takes time; empty where
            there are none. None leaves the engine `words` out.
        calibrations: names.
    """

    pools: Pools
    words_for: Callable[[str, Template], Sequence[Candidate]] | None
    calibrations: Sequence[str]
    _words: dict[tuple[str, Template], Sequence[Candidate]] = field(default_factory=dict)

    def draw(self, trial: optuna.trial.BaseTrial) -> Combination | None:
        """The combination of a trial; None where no label words can be found for its template.

        Each level is drawn given those before it: PLM, engine, template, label words, calibration.
        """
        plm = str(trial.suggest_categorical("plm", list(dict.fromkeys(group.plm for group in self.pools))))
        group = Group(plm, str(trial.suggest_categorical(f"{plm}/engine", self._engines(plm))))
        candidates = self._candidates(trial, group)
        if not candidates:
            return None
        candidate = candidates[trial.suggest_int(f"{group.parameter}/verbalizer", 0, len(candidates) - 1)]
        calibration = None
        if candidate.calibration is None and (candidate.readout is None or candidate.readout.uses_words):
            calibration = str(trial.suggest_categorical("calibration", list(self.calibrations)))
        return Combination(group, candidate, calibration)

    def _engines(self, plm: str) -> list[str]:
        own = [group.engine for group in self.pools if group.plm == plm]
        return own if self.words_for is None else [*own, WORDS]

    def _candidates(self, trial: optuna.trial.BaseTrial, group: Group) -> Sequence[Candidate]:
        """Those of one template, drawn from the group; for `words`, from all other groups of the PLM."""
        if group.engine != WORDS or self.words_for is None:
            offers = self.pools[group]
            return offers[trial.suggest_int(group.parameter, 0, len(offers) - 1)].candidates
        others = [
            offer.template for other, found in self.pools.items() if other.plm == group.plm for offer in found
        ]
        key = group.plm, others[trial.suggest_int(group.parameter, 0, len(others) - 1)]
        if key not in self._words:
            self._words[key] = self.words_for(*key)
        return self._words[key]


@dataclass(frozen=True)
class WordSearch:
    """Label words for any template, as the study searches them.

    Attributes:
        plain: on each PLM, label words that a person would write.
        stopped: a clock that stands still meanwhile.
    """

    task: Task
    engines: Engines
    plms: Mapping[str, PLM]
    plain: Mapping[str, Verbalizer]
    seed: int
    stopped: Clock | None = None

    def __call__(self, plm: str, template: Template) -> Sequence[Candidate]:
        if self.stopped is None:
            return self._found(plm, template)
        clock, begun = self.stopped, self.stopped.now()
        reserved, clock.reserved = clock.reserved, float("-inf")
        try:
            return self._found(plm, template)
        finally:
            clock.reserved = reserved
            clock.spent -= clock.now() - begun

    def _found(self, plm: str, template: Template) -> Sequence[Candidate]:
        engine = self.engines.words_for(template, self.plain.get(plm))
        try:
            return list(engine.search(self.task, self.plms[plm], Budget(), self.seed))
        except _FOUND_NOTHING:
            return ()


def filled(task: Task, engines: Engines, plms: Mapping[str, PLM], seed: int) -> Pools:
    """What every engine but `words` offers on each PLM; groups with nothing are left out."""
    found: dict[Group, Sequence[Offer]] = {}
    for plm in plms:
        for name in engines.names:
            if name == WORDS:
                continue
            try:
                offers = offers_of(engines.named(name).search(task, plms[plm], Budget(), seed))
            except _FOUND_NOTHING:
                continue
            if offers:
                found[Group(plm, name)] = offers
    return found


def plain_words(pools: Pools) -> dict[str, Verbalizer]:
    """On each PLM the label words that a person would write first."""
    return {
        group.plm: candidate.verbalizer
        for group, offers in pools.items()
        for offer in offers
        for candidate in offer.candidates
        if candidate.baseline
    }


def search(
    space: Space,
    task: Task,
    plms: Mapping[str, PLM],
    scoring: AnswerScoring,
    sampler: BaseSampler,
    clock: Clock,
    keep: Callable[[list[Trial]], None],
) -> None:
    """Try one combination after the other until the time is over; the value is dev log-likelihood."""
    study = optuna.create_study(direction="maximize", sampler=sampler)
    try:
        while not clock.over:
            asked = study.ask()
            chosen = space.draw(asked)
            found = [] if chosen is None else _tried(chosen, task, plms, scoring)
            if not found or found[0].dev.unscored:
                study.tell(asked, state=TrialState.FAIL)
                continue
            keep(found)
            study.tell(asked, found[0].dev.log_likelihood)
    except TimeUp:
        pass  # what was under way is not counted


def _tried(chosen: Combination, task: Task, plms: Mapping[str, PLM], scoring: AnswerScoring) -> list[Trial]:
    """The one trial; none where the PLM cannot read or spell it."""
    # A baseline would be tried without calibration too.
    candidate = replace(chosen.candidate, baseline=False)
    methods = [] if chosen.calibration is None else [chosen.calibration]
    tried = try_candidates(task, plms[chosen.group.plm], [candidate], methods, scoring, lambda rejected: None)
    return [trial for trials in tried for trial in trials]
