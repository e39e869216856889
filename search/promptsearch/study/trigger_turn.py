"""A turn of the engine `trigger` on one PLM: shown on dev while it goes on, kept where it is cut short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace

from promptsearch.engines.base import Budget, Candidate
from promptsearch.engines.trigger import History, Improvement, TriggerEngine
from promptsearch.errors import VerbalizerError
from promptsearch.plms.base import PLM, AnswerScoring
from promptsearch.readings import answer_tokens
from promptsearch.scoring import evaluate
from promptsearch.study.budget import TimeUp
from promptsearch.study.record import plain
from promptsearch.study.rescoring import Readings, Recipe
from promptsearch.study.triggers import TRIGGER, DevFigure, TriggerSearch, best_improvements
from promptsearch.tasks.drawing import drawn_by_class
from promptsearch.tasks.task import Example, Task, gold
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

MOST_DEV = 256
"""Dev examples that better triggers are shown on, and train texts that answers are calibrated on for that."""
_WHEN_STOPPED = 2
"""Triggers that are still tried when the user stops a search."""
STOPPED = "stopped"

Shown = Callable[[Improvement, DevFigure | None], None]


@dataclass(frozen=True)
class Turn:
    """What came of it.

    Attributes:
        candidates: best first; what was found until then where it was stopped.
        stopped: what stopped it.
    """

    candidates: tuple[Candidate, ...]
    search: TriggerSearch
    stopped: BaseException | None = None


@dataclass
class OnDev:
    """Figures of better triggers on dev. The search never looks at them.

    Attributes:
        calibrated: whether answers are calibrated on the texts of train, as the search takes them to be.
        known: by template and tokens.
        came: improvements in the order in which they were found here.
        show: told each improvement with its figure.
    """

    task: Task
    plm: PLM
    words: Verbalizer
    seed: int
    calibrated: bool = False
    show: Shown = lambda found, figure: None
    known: dict[object, DevFigure | None] = field(default_factory=dict)
    came: list[Improvement] = field(default_factory=list)

    def __post_init__(self) -> None:
        train = self._drawn(self.task.train) if self.calibrated else ()
        self._readings = Readings(train, self._drawn(self.task.dev), ())
        self._recipe = Recipe(self.words, "batch" if self.calibrated else "none", AnswerScoring())

    def _drawn(self, examples: Sequence[Example]) -> tuple[Example, ...]:
        return tuple(examples[i] for i in drawn_by_class(examples, MOST_DEV, self.seed))

    def watch(self, found: Improvement) -> None:
        """Take in an improvement, and show it."""
        self.came.append(found)
        self.show(found, self.figure(found))

    def figure(self, found: Improvement) -> DevFigure | None:
        """The figure of a trigger; None where the time is over, or its words cannot be read."""
        key = (found.template, found.ids)
        if key not in self.known:
            try:
                self.known[key] = self._measured(Template.parse(found.template).with_tokens(found.ids))
            except TimeUp:
                return None
        return self.known[key]

    def _measured(self, template: Template) -> DevFigure | None:
        readings = self._readings
        states = self.plm.answer_states(template, readings.examples, keep=False)
        log_probs = readings.dev_log_probs(self.plm, template, self._recipe, states)
        if log_probs is None:
            return None
        return DevFigure.of(evaluate(log_probs, gold(readings.dev)), self.task.metric)


def take_turn(
    engine: TriggerEngine,
    task: Task,
    plm: PLM,
    budget: Budget,
    seed: int,
    words: Verbalizer,
    before: TriggerSearch | None = None,
    show: Shown = lambda found, figure: None,
) -> Turn:
    """Have the engine search.

    Args:
        words: that it reads answers by.
        before: what earlier sittings came to, which the engine goes on from.
        show: told each improvement with its figure on dev.

    Raises:
        PromptSearchError: it finds nothing, and why.
    """
    on_dev = OnDev(task, plm, words, seed, engine.config.calibrated, show)
    if before is not None:
        keys = [(found.template, found.ids) for found in before.history.improvements]
        on_dev.known |= {key: figure for key, figure in zip(keys, before.dev) if figure is not None}
    engine.watch = on_dev.watch
    found: list[Candidate] = []
    stopped: BaseException | None = None
    try:
        found += engine.search(task, plm, budget, seed)
    except (KeyboardInterrupt, TimeUp) as stop:
        stopped = stop
    history = engine.history
    if before is not None and not history.improvements:
        history = before.history  # it was stopped before it had taken up what there was
    if stopped is not None:
        history = _cut_short(history, on_dev.came)
        best = best_improvements(history.improvements, _WHEN_STOPPED)
        found = [_candidate(each, words, engine.config.any_ids) for each in best]
    starts = tuple(map(str, engine.starts))
    search = TriggerSearch(
        plm.identity.reference,
        tuple(tuple(answer.text for answer in answers) for answers in words.answers),
        starts,
        history,
        tuple(_figures(on_dev, history.improvements, measure=stopped is None)),
        over=history.reason not in (STOPPED, "budget"),
        settings=plain(asdict(engine.config)),
    )
    return Turn(tuple(found), search, stopped)


def _cut_short(history: History, came: Sequence[Improvement]) -> History:
    """The history with what came since it was last noted."""
    noted = set(history.improvements)
    improvements = (*history.improvements, *(found for found in came if found not in noted))
    last = improvements[-1] if improvements else None
    return replace(
        history,
        improvements=improvements,
        evaluations=max(history.evaluations, last.evaluations if last else 0),
        seconds=max(history.seconds, last.seconds if last else 0.0),
        reason=STOPPED,
    )


def _figures(on_dev: OnDev, improvements: Sequence[Improvement], measure: bool) -> list[DevFigure | None]:
    """Figures of all improvements, those of a sitting that was killed measured now."""
    if measure:
        return [on_dev.figure(found) for found in improvements]
    return [on_dev.known.get((found.template, found.ids)) for found in improvements]


def _candidate(found: Improvement, words: Verbalizer, any_ids: bool) -> Candidate:
    """An improvement as the engine would have yielded it.

    Args:
        any_ids: whether its text may become other ids.
    """
    free = Template.parse(found.template)
    told = {"template": found.template, "ids": [list(ids) for ids in found.ids], "text": list(found.text)}
    return Candidate(
        free.with_tokens(found.ids) if any_ids else free.with_words(found.text),
        words,
        TRIGGER,
        {
            "trigger": told,
            "step": found.step,
            "loss": found.loss,
            "evaluations": found.evaluations,
            "seconds": found.seconds,
            "reason": STOPPED,
        },
        fitted=True,
    )


def words_of_one_token(plm: PLM, candidates: Sequence[Candidate]) -> Verbalizer:
    """Label words of the first candidate whose words are all one token there; of the first if none are.

    Raises:
        VerbalizerError: there is no candidate.
    """
    if not candidates:
        raise VerbalizerError("there are no label words to search triggers for")
    for candidate in candidates:
        verbalizer = candidate.verbalizer
        forms = answer_tokens(plm, candidate.template, verbalizer.words, verbalizer.case)
        if all(len(ids) == 1 for each in forms for ids in each):
            return verbalizer
    return candidates[0].verbalizer
