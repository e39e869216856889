"""What the engines offer in one search, found once and shared by all who search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from optuna import Study
from optuna.trial import Trial as StudyTrial
from optuna.trial import TrialState

from promptsearch.engines.base import Budget
from promptsearch.plms.base import PLM
from promptsearch.study.pools import Group, Offer, as_json, from_json, offers_of
from promptsearch.study.progress import SUMMARY
from promptsearch.study.sampler import group_and_number
from promptsearch.study.setup import Engines
from promptsearch.tasks.task import Task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

WORDS = "words"
"""The engine that finds label words for templates of the others."""
_TEMPLATE = "template"


@dataclass
class Offers:
    """Templates of every group, numbered.

    Attributes:
        task: with all that the search uses of train and dev.
    """

    task: Task
    engines: Engines
    study: Study
    seed: int
    _known: dict[Group, tuple[Offer, ...]] = field(default_factory=dict)

    def size(self, group: Group) -> int | None:
        """How many templates a group has; None before they are found."""
        if group.engine == WORDS:
            return self.engines.words_templates
        offers = self._offers(group)
        return None if offers is None else len(offers)

    def fill(self, group: Group, plm: PLM, budget: Budget) -> None:
        """Have a group's engine search.

        Raises:
            PromptSearchError: it finds nothing, and why.
        """
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
        merit: dict[str, tuple[float, float]] = {}
        taken: set[str] = set()
        for trial in self.study.get_trials(deepcopy=False):
            place = group_and_number(trial.params)
            if place is None or place[0].plm != plm or trial.state == TrialState.FAIL:
                continue
            if place[0].engine == WORDS:
                taken.add(str(trial.user_attrs.get(_TEMPLATE)))
            elif (summary := trial.user_attrs.get(SUMMARY)) and summary["examples"] is None:
                value, likelihood = (
                    float("-inf") if figure is None else figure for figure in summary["train"]
                )
                known = merit.get(summary["template"])
                merit[summary["template"]] = max((value, likelihood), known or (value, likelihood))
        left = [template for template in merit if template not in taken]
        return max(left, key=lambda template: merit[template]) if left else None


def template_of(user_attrs: dict[str, object]) -> str | None:
    """Which template a trial of the engine `words` searches label words for."""
    found = user_attrs.get(_TEMPLATE)
    return None if found is None else str(found)


def _attribute(group: Group) -> str:
    return f"offers {group.parameter}"
