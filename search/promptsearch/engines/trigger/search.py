"""The whole search: steps on templates in turn, new starts where one is at its end, all within one budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from promptsearch.engines.trigger.arms import Arm, Ground, Tools, tools_for
from promptsearch.engines.trigger.climbing import Climb, Standing
from promptsearch.engines.trigger.history import Improvement, Restart, Swap
from promptsearch.engines.trigger.opening import token_ids
from promptsearch.engines.trigger.reading import Filling
from promptsearch.engines.trigger.schedule import Schedule
from promptsearch.engines.trigger.spending import BudgetSpent
from promptsearch.template import Field, Mask, Template, Text

# Where nothing else limits a search, so many starts do.
_RESTARTS_WITHOUT_BUDGET = 4
# Share of the budget after which no more openings are read.
_STARTING = 0.2
# Of later starts, every third is random; the others go on from good triggers.
_RANDOM_EVERY = 3


@dataclass
class Search:
    """A search as it stands; `checkpoint.py` writes it and reads it again.

    Attributes:
        rng: draws everything.
        course: every trigger that a step went on from, better than all before or not, and kept to the rules.
        reason: why it is over; "" while it is not.
    """

    ground: Ground
    arms: list[Arm]
    schedule: Schedule
    rng: Generator
    watch: Callable[[Improvement], None]
    notes: tuple[str, ...] = ()
    save: Callable[[Search], None] = lambda search: None
    steps: int = 0
    course: list[Improvement] = field(default_factory=list)
    restarts: list[Restart] = field(default_factory=list)
    reason: str = ""
    _tools: dict[int, Tools] = field(default_factory=dict)

    @classmethod
    def begun(
        cls,
        ground: Ground,
        arms: list[Arm],
        watch: Callable[[Improvement], None],
        notes: tuple[str, ...] = (),
    ) -> Search:
        """A search that has made no step."""
        rng = np.random.default_rng(ground.seed)
        return cls(ground, arms, Schedule(list(range(len(arms)))), rng, watch, notes)

    def run(self) -> None:
        """Make steps until the budget or the starts are used up."""
        try:
            while not self.reason:
                self._step(self.schedule.next(self.arms))
                self.save(self)
        except BudgetSpent:
            self.reason = "budget"

    def _step(self, index: int) -> None:
        arm, tools = self.arms[index], self._tools_of(index)
        if arm.climb is None:
            if arm.over and not self._may_start():
                self.reason = "all starts are at their end"
                return
            self._begin(index, arm, tools)
            return
        climb, before = arm.climb, arm.climb.standing
        stopped = tools.climber.step(climb, self.rng)
        self.steps += 1
        arm.steps += 1
        if climb.standing is not before:
            self._note(arm, tools, climb, before.filling)
        if stopped is not None:
            arm.keep(climb.standing, self.ground.config.buffer)
            loss = round(climb.standing.loss, 6)
            self.restarts.append(Restart(str(arm.template), climb.start, climb.steps, loss, stopped))
            arm.climb, arm.over = None, True

    def _tools_of(self, index: int) -> Tools:
        """What works on a template; of templates that have left nothing is kept."""
        for other in set(self._tools) - set(self.schedule.alive):
            del self._tools[other]
        if index not in self._tools:
            self._tools[index] = tools_for(self.arms[index], self.ground)
        return self._tools[index]

    def _may_start(self) -> bool:
        """Whether there may be another start besides the first of each template."""
        most, budget = self.ground.config.restarts, self.ground.meter.budget
        if most is None and budget.seconds is None and budget.evaluations is None:
            most = _RESTARTS_WITHOUT_BUDGET
        later = len(self.restarts) - sum(arm.over for arm in self.arms)
        return most is None or later < most

    def _begin(self, index: int, arm: Arm, tools: Tools) -> None:
        climbs: list[Climb] = []
        for kind, filling in self._starts(arm, tools):
            if climbs and self.ground.meter.share > _STARTING:
                break
            climbs.append(tools.climber.begin(kind, filling))
            self._note(arm, tools, climbs[-1], None)
        arm.climb = min(climbs, key=lambda climb: climb.standing.rank)

    def _starts(self, arm: Arm, tools: Tools) -> Iterator[tuple[str, Filling]]:
        """One start; of words several, of which the best is gone on from."""
        kind, filling = self._start(arm, tools)
        yield kind, filling
        if kind != "words" or self.ground.config.words:
            return
        places, starts, known = tools.climber.reading.places, tools.starts, {filling}
        for text in arm.openings:
            if ids := self._ids_of(text):
                # The words next to the slot say most about what stands in it.
                opening = starts.lawful(starts.likely(places, ids[-places:]))
                if opening not in known:
                    yield kind, opening
                    known.add(opening)

    def _start(self, arm: Arm, tools: Tools) -> tuple[str, Filling]:
        config, starts, places = self.ground.config, tools.starts, tools.climber.reading.places
        if arm.over:
            later = len(self.restarts) % _RANDOM_EVERY
            if later == 0 or not arm.ends:
                return "random", starts.random(places, self.rng)
            _, filling = arm.ends[int(self.rng.integers(len(arm.ends)))]
            return "buffer", starts.shaken(filling, self.rng)
        if arm.given:
            return "template", starts.lawful(arm.given)
        if config.start == "random":
            return "random", starts.random(places, self.rng)
        if config.start == "mask" and self.ground.plm.identity.family == "masked":
            return "mask", (starts.blank,) * places
        given = self._ids_of(config.words) if config.words else ()
        return "words", starts.lawful(starts.likely(places, given))

    def _ids_of(self, text: str) -> Filling:
        slot = Template((Field("text"), Text(" "), Mask()))
        return token_ids(slot, text.strip(), self.ground.plm)

    def _note(self, arm: Arm, tools: Tools, climb: Climb, before: Filling | None) -> None:
        """Write down what a step or a start came to, if it keeps to the rules."""
        standing = climb.standing
        if not tools.wording.finished(standing.filling):
            return
        if before is None and not (
            tools.wording.passing([standing.filling])[0] and tools.wording.keeps(standing.filling)
        ):
            return
        found = self._improvement(arm, tools, climb, before)
        self.course.append(found)
        if standing.loss < arm.best:
            arm.best = standing.loss
            self.watch(found)

    def _improvement(self, arm: Arm, tools: Tools, climb: Climb, before: Filling | None) -> Improvement:
        standing, wording = climb.standing, tools.wording
        return Improvement(
            template=str(arm.template),
            ids=wording.groups(standing.filling),
            text=wording.texts(standing.filling),
            loss=round(standing.loss, 6),
            accuracy=tools.climber.reading.costs.accuracy(standing.scores),
            step=self.steps,
            restart=len(self.restarts),
            evaluations=self.ground.meter.evaluations,
            seconds=round(self.ground.meter.seconds, 2),
            swaps=() if before is None else self._swaps(before, standing),
            start=climb.start,
        )

    def _swaps(self, before: Filling, standing: Standing) -> tuple[Swap, ...]:
        texts = self.ground.texts
        pairs = enumerate(zip(before, standing.filling))
        return tuple(Swap(place, texts[old], texts[new]) for place, (old, new) in pairs if old != new)
