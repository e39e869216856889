"""What the engines offer in one search, found once and shared by all who search."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from optuna import Study
from optuna.trial import Trial as StudyTrial
from optuna.trial import TrialState

from promptsearch.engines.base import Budget, Candidate
from promptsearch.engines.trigger.checkpoint import seconds_spent
from promptsearch.errors import DataError
from promptsearch.plms.base import PLM
from promptsearch.study.artefacts import checkpoint_folder
from promptsearch.study.observer import Observer
from promptsearch.study.pools import Group, Offer, as_json, from_json, offers_of
from promptsearch.study.progress import SUMMARY
from promptsearch.study.sampler import group_and_number
from promptsearch.study.setup import Engines
from promptsearch.study.softs import SOFT, known_trainings, learned
from promptsearch.study.trigger_turn import take_turn, words_of_one_token
from promptsearch.study.triggers import TRIGGER, TriggerSearch
from promptsearch.tasks.task import Task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

WORDS = "words"
"""The engine that finds label words for templates of the others."""
_TEMPLATE = "template"
_STARTS = 3
"""Templates of other engines that triggers are also searched from, and that soft tokens start from."""


@dataclass
class Offers:
    """Templates of every group, numbered.

    Attributes:
        task: with all that the search uses of train and dev.
        folder: of the run, for checkpoints; None where the engines do not search here.
        observer: told of better triggers.
    """

    task: Task
    engines: Engines
    study: Study
    seed: int
    folder: Path | None = None
    observer: Observer = field(default_factory=Observer)
    _known: dict[Group, tuple[Offer, ...]] = field(default_factory=dict)
    _unfinished: dict[Group, bool] = field(default_factory=dict)

    def size(self, group: Group) -> int | None:
        """How many templates a group has; None before they are found."""
        if group.engine == WORDS:
            return self.engines.words_templates
        offers = self._offers(group)
        return None if offers is None else len(offers)

    def templates(self, group: Group, numbers: Iterable[int]) -> list[Template]:
        """Those of a group that are found before they are tried."""
        offers = self._offers(group) or ()
        return [offers[number].template for number in numbers]

    def fill(self, group: Group, plm: PLM, budget: Budget) -> None:
        """Have a group's engine search.

        Raises:
            PromptSearchError: it finds nothing, and why.
        """
        if group.engine == TRIGGER:
            self._search_triggers(group, plm, budget)
            return
        if group.engine == SOFT:
            self._learn(group, plm, budget)
            return
        engine = self.engines.named(group.engine)
        offers = offers_of(engine.search(self.task, plm, budget, self.seed))
        self._known[group] = offers
        if all(c.calibration is None and c.readout is None for offer in offers for c in offer.candidates):
            self.study.set_user_attr(_attribute(group), as_json(offers))

    def offer(
        self,
        group: Group,
        number: int,
        plm: PLM,
        trial: StudyTrial | None,
        template: str | None,
        budget: Budget,
    ) -> Offer | None:
        """A template of a group with its candidates; None where the group has no such number.

        Args:
            trial: what the study calls it; is told which template label words are searched for.
            template: where that was decided before.

        Raises:
            PromptSearchError: no label words can be found.
        """
        if group.engine != WORDS:
            offers = self._offers(group) or ()
            return offers[number] if number < len(offers) else None
        chosen = template or self._best_without_words(group.plm)
        if chosen is None and len(self.engines.names) > 1:
            return None
        if trial is not None and chosen is not None:
            trial.set_user_attr(_TEMPLATE, chosen)
        own = None if chosen is None else Template.parse(chosen)
        engine = self.engines.words_for(own, self._plain_words(group.plm))
        found = offers_of(engine.search(self.task, plm, budget, self.seed))
        return found[0] if found else None

    # Triggers ------------------------------------------------------------------------------------

    def triggers(self, plm: str) -> TriggerSearch | None:
        """What the search of triggers on a PLM has come to; None before it had a turn."""
        kept = self.study.user_attrs.get(_found(plm))
        return None if kept is None else TriggerSearch.restored(kept)

    def is_unfinished(self, group: Group) -> bool:
        """Whether a search of triggers or soft tokens was cut short, by its budget, the user or a kill."""
        if group not in self._unfinished:
            if group.engine == SOFT:
                self._unfinished[group] = self.study.user_attrs.get(_over(group)) is False
            else:
                kept = self.study.user_attrs.get(_found(group.plm))
                self._unfinished[group] = kept is not None and not kept["over"]
        return self._unfinished[group]

    def _search_triggers(self, group: Group, plm: PLM, budget: Budget) -> None:
        """Have triggers searched, or go on with that; what was found stays where the user stops it."""
        if self.folder is None:
            raise ValueError("without a folder there is no place for checkpoints")
        words = words_of_one_token(plm, self._plain(group.plm, plm))
        starts = [Template.parse(source) for source in self._best_starts(group)]
        folder = checkpoint_folder(self.folder, group.plm)
        if budget.seconds is not None:
            # The engine counts what earlier sittings took, and the budget is of this one.
            budget = replace(budget, seconds=budget.seconds + seconds_spent(folder))
        engine = self.engines.trigger_for(plm, words, starts, folder)
        turn = take_turn(
            engine,
            self.task,
            plm,
            budget,
            self.seed,
            words,
            self.triggers(group.plm),
            lambda found, figure: self.observer.improved(group.plm, found, figure),
        )
        before = self._offers(group) or ()
        known = {offer.template for offer in before}
        self._known[group] = (
            *before,
            *(offer for offer in offers_of(turn.candidates) if offer.template not in known),
        )
        self.study.set_user_attr(_attribute(group), as_json(self._known[group]))
        self.study.set_user_attr(_found(group.plm), turn.search.record())
        self._unfinished[group] = not turn.search.over
        if turn.stopped is not None:
            raise turn.stopped

    def _learn(self, group: Group, plm: PLM, budget: Budget) -> None:
        """Have soft tokens learned, or go on with that; each training that ends is kept at once."""
        words = words_of_one_token(plm, self._plain(group.plm, plm))
        starts = [Template.parse(source) for source in self._best_starts(group)]
        self._known[group] = self._offers(group) or ()
        done = [candidate for offer in self._known[group] for candidate in offer.candidates]
        engine = self.engines.soft_for(words, starts, known_trainings(done))
        self._unfinished[group] = True
        self.study.set_user_attr(_over(group), False)
        for candidate in learned(engine, self.task, plm, budget, self.seed):
            self._known[group] = (*self._known[group], *offers_of([candidate]))
            self.study.set_user_attr(_attribute(group), as_json(self._known[group]))
        self.study.set_user_attr(_attribute(group), as_json(self._known[group]))
        self.study.set_user_attr(_over(group), engine.over)
        self._unfinished[group] = not engine.over
        if engine.over and not self._known[group]:
            raise DataError(
                "no soft tokens did better on what was held out of train than what they started from",
                hint="Give more labelled examples, or other templates.",
            )

    def _plain(self, reference: str, plm: PLM) -> list[Candidate]:
        """Hand-written candidates on a PLM, the one that a person would write first at the front."""
        offers = self._offers(Group(reference, "manual"))
        if offers is None:
            return list(self.engines.manual.search(self.task, plm, Budget(), self.seed))
        return [candidate for offer in offers for candidate in offer.candidates]

    def _best_starts(self, group: Group) -> list[str]:
        """Templates to begin from: those that do best on train, decided once and kept for who goes on."""
        name = f"starts {group.parameter}"
        kept = self.study.user_attrs.get(name)
        if kept is None:
            merit = self._merit_on_train(group.plm)
            kept = sorted(merit, key=lambda template: merit[template], reverse=True)[:_STARTS]
            self.study.set_user_attr(name, kept)
        return list(kept)

    # What is known -------------------------------------------------------------------------------

    def _offers(self, group: Group) -> tuple[Offer, ...] | None:
        if group not in self._known:
            shared = self.study.user_attrs.get(_attribute(group))
            if shared is None:
                return None
            self._known[group] = from_json(shared)
        return self._known[group]

    def _plain_words(self, plm: str) -> Verbalizer | None:
        """Label words that a person would write first."""
        offers: Sequence[Offer] = self._offers(Group(plm, "manual")) or ()
        candidates = [candidate for offer in offers for candidate in offer.candidates]
        return next((candidate.verbalizer for candidate in candidates if candidate.baseline), None)

    def _best_without_words(self, plm: str) -> str | None:
        """The template that does best on train, of those that no trial has searched label words for."""
        merit = self._merit_on_train(plm)
        taken = {
            str(trial.user_attrs.get(_TEMPLATE))
            for trial in self.study.get_trials(deepcopy=False)
            if (place := group_and_number(trial.params)) is not None
            and place[0] == Group(plm, WORDS)
            and trial.state != TrialState.FAIL
        }
        left = [template for template in merit if template not in taken]
        return max(left, key=lambda template: merit[template]) if left else None

    def _merit_on_train(self, plm: str) -> dict[str, tuple[float, float]]:
        """Template -> (metric, log-likelihood) on all of train, of engines that neither fit nor copy one."""
        merit: dict[str, tuple[float, float]] = {}
        for trial in self.study.get_trials(deepcopy=False):
            place, summary = group_and_number(trial.params), trial.user_attrs.get(SUMMARY)
            if place is None or summary is None or summary["examples"] is not None:
                continue
            group, failed = place[0], trial.state == TrialState.FAIL
            if failed or group.plm != plm or group.engine in (WORDS, TRIGGER, SOFT):
                continue
            value, likelihood = (float("-inf") if each is None else each for each in summary["train"])
            known = merit.get(summary["template"], (value, likelihood))
            merit[summary["template"]] = max((value, likelihood), known)
        return merit


def template_of(user_attrs: dict[str, object]) -> str | None:
    """Which template a trial of the engine `words` searches label words for."""
    found = user_attrs.get(_TEMPLATE)
    return None if found is None else str(found)


def _attribute(group: Group) -> str:
    return f"offers {group.parameter}"


def _over(group: Group) -> str:
    return f"over {group.parameter}"


def _found(plm: str) -> str:
    return f"found {plm}/{TRIGGER}"
