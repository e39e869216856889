"""The search itself: asks the study what to try, tries it, tells the study what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import optuna
from optuna import Study
from optuna.trial import TrialState

from promptsearch.engines.base import Budget
from promptsearch.errors import DataError, KnowledgeError, PromptSearchError, TemplateError, VerbalizerError
from promptsearch.plms.base import PLM
from promptsearch.study.budget import Clock, Pace, TimeUp
from promptsearch.study.judging import Judge
from promptsearch.study.noting import noted
from promptsearch.study.observer import Observer
from promptsearch.study.offers import WORDS, Offers
from promptsearch.study.parts import beginnings, how_many, parts, shares
from promptsearch.study.pools import Group, Offer
from promptsearch.study.progress import Standing, brought_something, is_surplus, standing, summary_of
from promptsearch.study.rungs import examples_of
from promptsearch.study.sampler import GroupSampler, ask
from promptsearch.study.schedule import next_group
from promptsearch.study.stale import give_back, tell
from promptsearch.study.trial import Trial
from promptsearch.study.trigger_schedule import LATE, TriggerTurns
from promptsearch.study.trying import BLOCK, Rejected

_WAIT_SECONDS = 0.2
# Templates of a PLM that are tried before label words are searched for the best of them.
_BEFORE_WORDS = 8
_FOUND_NOTHING = (DataError, KnowledgeError, TemplateError, VerbalizerError)


@dataclass(frozen=True)
class _Asked:
    """A template that this process tries, and what the study calls it."""

    number: int
    trial: optuna.Trial


@dataclass
class Search:
    """One process's part in a study.

    Attributes:
        engines: names, in the order in which they have their first turn.
        triggers: the turns of the engines that search tokens.
        reclaim: puts trials of dead workers back into the queue.
        asked: PLMs of the run, those that cannot be had included; empty where these are all.
        fills: whether this process has the engines search; others wait for what they find.
        workers: processes that search together; the more, the smaller the parts that each takes.
        by_time: whether the order of the search goes by seconds, for a limit was set to them; else by what no
            clock changes, so that the same command does the same.
        by_cost: whether cheap prompts are an objective beside good ones.
        strict: whether a PLM with which nothing works ends the search, for it was asked for by name.
        needed: engines whose failing ends it too.
        keep: told the trials of a template when they are done, and how many are under way.
        searched: told when a group's engine has searched.
        trials: every combination that was tried here.
        failed: groups whose engine found nothing, and why.
        left_out: PLMs with which nothing works, and why.
        pace: of each PLM so far.
        stopped_by_budget: whether something was left to try when the budget was spent.
        recalled: numbers of the study's trials whose outcome this process knows.
    """

    engines: Sequence[str]
    plms: Mapping[str, PLM]
    offers: Offers
    judge: Judge
    study: Study
    sampler: GroupSampler
    triggers: TriggerTurns
    reclaim: Callable[[], object]
    clock: Clock
    observer: Observer
    asked: Sequence[str] = ()
    fills: bool = True
    workers: int = 1
    by_time: bool = False
    by_cost: bool = False
    strict: bool = True
    needed: Sequence[str] = ()
    keep: Callable[[list[Trial], int], None] = lambda trials, running: None
    searched: Callable[[Group], None] = lambda group: None
    trials: list[Trial] = field(default_factory=list)
    failed: dict[Group, PromptSearchError] = field(default_factory=dict)
    left_out: dict[str, PromptSearchError] = field(default_factory=dict)
    pace: dict[str, Pace] = field(default_factory=dict)
    stopped_by_budget: bool = False
    recalled: set[int] = field(default_factory=set)
    _running: int = 0

    @property
    def groups(self) -> list[Group]:
        """Every engine on every PLM; the PLMs of an engine stand together."""
        plms = [plm for plm in self.plms if plm not in self.left_out]
        return [Group(plm, engine) for engine in self.engines for plm in plms]

    @property
    def _choices(self) -> list[Group]:
        """All groups that the run was asked for: what may be chosen from must stay the same."""
        return [Group(plm, engine) for engine in self.engines for plm in self.asked or self.plms]

    @property
    def metric(self) -> str:
        """What is maximised."""
        return self.judge.rungs.whole.metric

    @property
    def rejected(self) -> list[Rejected]:
        """Candidates that could not be tried."""
        return self.judge.rejected

    def run(self, over: Callable[[], bool] = lambda: False) -> None:
        """Try candidates until all are tried, the budget is spent, or it is over for another reason."""
        try:
            while not over():
                stands = self._standing()
                group = self._next(stands)
                if self.clock.over:
                    self.stopped_by_budget = group is not None
                    break
                left = self.clock.evaluations_left
                given_out = left is not None and stands.running >= left  # others are at the last of them
                if group is not None and not given_out:
                    self._step(group, stands)
                elif stands.running or not self.fills:
                    time.sleep(_WAIT_SECONDS)  # another worker may yet bring something to do
                else:
                    self.stopped_by_budget = any(map(self.offers.is_unfinished, self.triggers.had))
                    break
        except TimeUp:
            self.stopped_by_budget = True

    # What comes next -----------------------------------------------------------------------------

    def _standing(self) -> Standing:
        self.reclaim()
        stands = standing(self.study, self.groups, self.by_time)
        self.clock.evaluations, self._running = stands.evaluations, stands.running
        return stands

    def _next(self, stands: Standing) -> Group | None:
        """The group whose turn it is; None where nothing can be begun now."""
        groups = [group for group in self.groups if group not in self.failed and self._ready(group, stands)]
        begun = {group: stands.tried[group] for group in groups if self._has_left(group, stands)}
        if begun:
            return next_group(begun)
        return groups[0] if stands.waiting and groups else None

    def _ready(self, group: Group, stands: Standing) -> bool:
        """Some engines begin from the best templates of others, so some must have been tried."""
        if group.engine in LATE and not self.triggers.is_time(self._others_left(stands)):
            return False
        if self.offers.size(group) is None:
            return self.fills
        if group.engine != WORDS:
            return True
        late = (WORDS, *LATE)
        others = [g for g in self.groups if g.plm == group.plm and not (g.engine in late or g in self.failed)]
        done = sum(len(stands.tried[g].values) for g in others)
        if self.by_time and done >= _BEFORE_WORDS:
            return True
        return (done > 0 or not others) and not any(self._has_left(g, stands) for g in others)

    def _has_left(self, group: Group, stands: Standing) -> bool:
        """Whether a group has, or may have, templates that nobody has begun with."""
        size = self.offers.size(group)
        return size is None or size > len(stands.taken[group]) or (self.fills and self.triggers.waits(group))

    def _others_left(self, stands: Standing) -> bool:
        """Whether engines that do not come late have something to try."""
        others = (group for group in self.groups if group.engine not in LATE and group not in self.failed)
        return any(self._has_left(group, stands) for group in others)

    def untried(self, group: Group) -> Sequence[int]:
        """Numbers of a group's templates that nobody has begun with."""
        taken = standing(self.study, [group], by_time=False).taken[group]
        return [number for number in range(self.offers.size(group) or 0) if number not in taken]

    # One step ------------------------------------------------------------------------------------

    def _step(self, group: Group, stands: Standing) -> None:
        """Have a group's engine search, where it has not; else try some of its templates."""
        if self.offers.size(group) is None or (self.triggers.waits(group) and not self.untried(group)):
            self._fill(group, stands)
            return
        blocks: dict[Group, list[_Asked]] = {}
        family, limit = self.plms[group.plm].identity.family, self.clock.limits.evaluations
        left = how_many(group, family, self.offers.size(group) or 0, self.workers, stands, self.clock)
        alike = self.workers > 1 and shares(group, family)
        part: Sequence[int] | None = None
        while left > 0:
            trial, found, number = ask(
                self.study, self.sampler, group, self._choices, lambda each: self.offers.size(each) or 1, part
            )
            left -= 1
            if part is None and found == group and alike:
                part = self._part(group, number, stands.idle(self.workers))
                left = min(left, len(part) - 1)
            if found.plm not in self.plms or is_surplus(self.study, trial, found, number, limit):
                tell(self.study, trial, state=TrialState.FAIL)
            else:
                blocks.setdefault(found, []).append(_Asked(number, trial))
        for found, block in blocks.items():
            self._try(found, block)

    def _part(self, group: Group, number: int, idle: int) -> Sequence[int]:
        """The templates of a group, a given one among them, that this process tries of what is left."""
        if number >= (self.offers.size(group) or 0):
            return (number,)  # of a group that has grown elsewhere
        left = sorted({number, *self.untried(group)})
        texts = dict(zip(left, beginnings(self.offers.templates(group, left), self.offers.task.train)))
        family = self.plms[group.plm].identity.family
        return next(part for part in parts(texts, idle, BLOCK[family]) if number in part)

    def _fill(self, group: Group, stands: Standing) -> None:
        self.observer.stage(f"{group.plm}: engine {group.engine}")
        budget, nothing = Budget(seconds=self.clock.left), _FOUND_NOTHING
        if group.engine in LATE:
            each = self.pace.get(group.plm, Pace()).each * examples_of(self.judge.rungs.whole)
            budget = self.triggers.begin(group, self.groups, self._others_left(stands), each)
            nothing = (PromptSearchError,)
        try:
            self.offers.fill(group, self.plms[group.plm], budget)
        except nothing as error:
            self._set_aside(group, error)
        except KeyboardInterrupt:
            # What was found until then takes a moment to try, and cannot be chosen otherwise.
            for _ in self.untried(group):
                self._step(group, self._standing())
            raise
        self.searched(group)

    def _set_aside(self, group: Group, error: PromptSearchError) -> None:
        """What other engines have found for this PLM, or other PLMs, must not go with one that fails."""
        if group.engine in self.needed:
            raise error
        if group.engine == "manual" or group.plm not in brought_something(self.study):
            if self.strict:
                raise error
            self.left_out[group.plm] = error
            self.observer.notice(f"{group.plm} was left out: {error.message}")
            return
        self.failed[group] = error
        self.observer.notice(f"{group.plm}: {group.engine} found nothing: {error.message}")

    # Trying --------------------------------------------------------------------------------------

    def _try(self, group: Group, block: Sequence[_Asked]) -> None:
        begun = time.monotonic()
        open_trials = {asked.number: asked.trial for asked in block}
        plm = self.plms[group.plm]
        try:
            offers: dict[int, Offer] = {}
            for asked in block:
                budget = Budget(seconds=self.clock.left)
                offer = self.offers.offer(group, asked.number, plm, asked.trial, None, budget)
                if offer is not None:
                    offers[asked.number] = offer
            for number, found, examples in self.judge.judged(plm, offers):
                now = time.monotonic()
                self._tell(open_trials.pop(number), found, now - begun, examples)
                begun = time.monotonic()
            self._drop(open_trials)  # what the PLM cannot read, or is not there
        except _FOUND_NOTHING as error:
            self._set_aside(group, error)
            self._drop(open_trials)  # put back, it would fail again and again
        finally:
            if open_trials:
                give_back(self.study)  # what was cut short is tried by whoever goes on

    def _drop(self, trials: dict[int, optuna.Trial]) -> None:
        """Have done with templates of which nothing comes."""
        for trial in trials.values():
            tell(self.study, trial, state=TrialState.PRUNED)
        trials.clear()

    def _tell(self, trial: optuna.Trial, found: list[Trial], seconds: float, examples: int | None) -> None:
        """Tell the study what trying a template has brought."""
        work = found[0].tokens * (examples or examples_of(self.judge.rungs.whole))
        if found[0].candidate.engine != WORDS:
            prompts = (examples or examples_of(self.judge.rungs.whole)) * found[0].passes
            self.pace.setdefault(found[0].plm, Pace()).add(seconds, prompts)
        summary = summary_of(found, self.metric, seconds, work, self.clock.seconds, examples)
        if not noted(self.study, trial, summary, found, self.metric, self.by_cost):
            return  # it was taken from this process, which seemed dead, and is run again
        self.recalled.add(trial.number)
        self.trials += found
        self.observer.tried(found)
        self.keep(found, self._running)
