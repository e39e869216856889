"""What a search is asked to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptsearch.engines import engine_names
from promptsearch.engines.mining.config import MiningConfig
from promptsearch.engines.soft.config import SoftConfig
from promptsearch.engines.trigger.config import TriggerConfig
from promptsearch.engines.words.config import WordsConfig
from promptsearch.errors import OptionError, TemplateError, near_matches
from promptsearch.pieces import Soft, Trigger, point_at, quoted
from promptsearch.plms.base import Normalisation
from promptsearch.readings import calibration_names
from promptsearch.scoring import METRICS
from promptsearch.showing import whole_text
from promptsearch.study.budget import Limits
from promptsearch.template import Template
from promptsearch.verbalizer import Label

if TYPE_CHECKING:
    from promptsearch.tasks.memory import Rows

_SEEDS = 2**32
_LISTED = (
    "plms",
    "engines",
    "needed",
    "calibrations",
    "templates",
    "trigger_templates",
    "soft_templates",
    "objective",
)
# Those of single label words; engines that find many words bring the calibration that goes with them.
DEFAULT_CALIBRATIONS = ("none", "contextual", "pmi", "batch")
TRIGGER_MINUTES = 5.0
"""With so many or more for each draw of the examples, triggers are searched by default."""
DEFAULT_PLMS = ("minilm-mlm", "smollm2-135m")


@dataclass(frozen=True)
class DiscoverConfig:
    """What to search, over what, and by which rules.

    Attributes:
        task: a known task, a bundled sample, or a name for `data`.
        data: a file, a folder or rows; see `promptsearch.tasks.load_task`.
        mapping: field -> column of `data`.
        kind: what sort of task `data` is, in place of the guess.
        plms: references of PLMs; by default the built-in one and SmolLM2 where it can be had.
        shots: examples a class in train, and in dev alike; None takes all.
        calibrations: names in `promptsearch.readings.calibration_names()`; None takes
            `DEFAULT_CALIBRATIONS`.
        metric: what is maximised; None takes the task's own.
        templates, words: used in place of the library's; words as
            `Verbalizer.of` reads them, or text or a file for `words_from`. Templates with trigger or soft
            tokens become those of the engines that find them.
        engines: names of engines; by default manual, mining and words, and trigger where the user gives it
            time (`TRIGGER_MINUTES`, or the preset `thorough`); with `templates` given no mining, and trigger
            and soft only where a template has places for them; with `words` given manual alone.
        needed: of these, engines without which the search is not what was asked for: where one of them has
            nothing to search, that is an error.
        mining: which text the engine `mining` reads, and how.
        ensemble: whether the mined templates of each PLM also answer together, with learned weights.
        label_words: how the engine `words` goes about it.
        trigger: how the engine `trigger` goes about it.
        trigger_templates: templates with `{trigger*n}` for it; without, all fields, the trigger and the slot.
        soft: how the engine `soft` goes about it.
        soft_templates: templates with soft tokens for it; without, those that others found, whose words the
            soft tokens start from, and one of all fields, soft tokens and the slot.
        trigger_evaluations: pairs of a trigger and an example that it may read on a PLM; None is no limit.
        words_templates: how many of the other engines' best templates the engine `words` searches on a PLM.
        labels: for a search without labelled examples, the labels where there are no data.
        unlabelled: a file of texts of the task, for the engine `words` besides those of train.
        normalisation: how answers of several tokens are made comparable, see `AnswerScoring`.
        max_test: score at most so many test examples.
        minutes: wall clock that a search may take, set-up and report included.
        evaluations: templates that it may try, over all PLMs.
        preset: `quick`, `standard` or `thorough`; says how many minutes where neither is given.
        objective: `quality`, or `quality` and `cost`: then the cheapest prompt that cannot be told apart from
            the best is chosen.
        workers: processes on this machine.
        storage: where the study is kept, for workers on other machines; None is a file in the run's folder.
        seeds: draws of train and dev; the first gives the prompt, the others show how much is luck.
        out: folder for the run's files.
    """

    task: str | None = None
    data: str | Path | Rows | None = None
    mapping: Mapping[str, str] | str | None = None
    kind: str | None = None
    plms: Sequence[str] | None = None
    shots: int | None = 16
    seed: int = 0
    engines: Sequence[str] = ()
    mining: MiningConfig = field(default_factory=MiningConfig)
    needed: Sequence[str] = ()
    ensemble: bool = False
    trigger: TriggerConfig = field(default_factory=TriggerConfig)
    trigger_templates: Sequence[str] = ()
    soft: SoftConfig = field(default_factory=SoftConfig)
    soft_templates: Sequence[str] = ()
    trigger_evaluations: int | None = None
    words_templates: int = 3
    label_words: WordsConfig = field(default_factory=WordsConfig)
    labels: Sequence[Label] = ()
    unlabelled: str | Path | None = None
    calibrations: Sequence[str] | None = None
    metric: str | None = None
    templates: Sequence[str] = ()
    words: Mapping[Any, object] | str | Path | None = None
    normalisation: Normalisation = "token"
    max_test: int | None = None
    minutes: float | None = None
    evaluations: int | None = None
    preset: str = "standard"
    objective: Sequence[str] = ("quality",)
    workers: int = 1
    storage: str | None = None
    seeds: int = 1
    stand_in: bool = True
    offline: bool = False
    device: str = "auto"
    dtype: str = "auto"
    trust_remote_code: bool = False
    out: str | Path | None = None
    command: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for name in _LISTED:
            # One name in place of a list of names means just that one, not its letters.
            if isinstance(given := getattr(self, name), str):
                object.__setattr__(self, name, (given,))
            elif given is not None:
                object.__setattr__(self, name, tuple(given))
        for source in self.templates:
            if whole_text(source) != source:
                raise TemplateError("the template holds bytes that are no text", where=source)
        own = self._give_to_engines()
        if not self.engines:
            # Who gives words or templates wants those, not others.
            no_words = self.words is None
            mining = no_words and not self.templates and not own
            trigger = mining and self._has_time_for_triggers
            chosen = {"manual": True, "mining": mining, "words": no_words, "trigger": trigger}
            chosen |= dict.fromkeys(own, True)
            object.__setattr__(self, "engines", tuple(name for name in chosen if chosen[name]))
        for name, source in own.items():
            if name not in self.engines:
                raise OptionError(
                    f"the template has places that the engine {name} fills, which is left out",
                    where=source,
                    hint=f"Add it to the engines ({name}), or give words in their place.",
                )
        for source in self.trigger_templates:
            _check_trigger_template(Template.parse(source))
        for source in self.soft_templates:
            _check_soft_template(Template.parse(source))
        _check_names("engine", self.engines, engine_names())
        _check_names("calibration", self.calibrations or (), calibration_names())
        if self.metric is not None:
            _check_names("metric", [self.metric], METRICS)
        self.limits  # noqa: B018 - refuses what cannot be spent
        if "quality" not in self.objective or set(self.objective) - {"quality", "cost"}:
            given = ",".join(self.objective)
            raise OptionError(
                f"the objective is quality, or quality and cost, not {given!r}",
                hint="For example --objective accuracy,cost.",
            )
        if self.workers < 1 or self.seeds < 1:
            raise OptionError("numbers of workers and of seeds are 1 or more")
        if self.workers > 1 and not isinstance(self.data, str | Path | None):
            raise OptionError(
                "other processes cannot read rows in memory",
                hint="Write them to a file and name that, or search in one process.",
            )
        if not 0 <= self.seed <= _SEEDS - self.seeds:
            raise OptionError(
                f"a seed is a whole number from 0 to {_SEEDS - self.seeds}, not {self.seed}",
                hint="For example --seed 1.",
            )
        if self.normalisation not in ("sum", "token", "pmi"):
            raise OptionError(
                f"there is no normalisation {self.normalisation!r}", hint="There are sum, token, pmi."
            )

    def _give_to_engines(self) -> dict[str, str]:
        """Move templates with places to be filled to those of the engines that fill them.

        Returns:
            Each engine that has such templates, with one of them.
        """
        found: dict[str, list[str]] = {"": [], "trigger": [], "soft": []}
        for source in self.templates:
            kinds = {type(piece) for piece in Template.parse(source).pieces}
            found["trigger" if Trigger in kinds else "soft" if Soft in kinds else ""].append(source)
        object.__setattr__(self, "templates", tuple(found.pop("")))
        for name, sources in found.items():
            known = getattr(self, f"{name}_templates")
            object.__setattr__(self, f"{name}_templates", tuple(dict.fromkeys((*known, *sources))))
        return {name: sources[0] for name, sources in found.items() if sources}

    @property
    def limits(self) -> Limits:
        """What the search may spend.

        Raises:
            OptionError: a limit under which nothing can be done.
        """
        if self.minutes is None and self.evaluations is None and self.trigger_evaluations is not None:
            return Limits()  # the search ends when that is spent
        return Limits.of(self.minutes, self.evaluations, self.preset)

    @property
    def _has_time_for_triggers(self) -> bool:
        if self.minutes is None:
            return self.preset == "thorough" and self.evaluations is None
        return self.minutes / max(1, self.seeds) >= TRIGGER_MINUTES

    @property
    def by_cost(self) -> bool:
        """Whether cheap prompts are an objective beside good ones."""
        return "cost" in self.objective


def _check_trigger_template(template: Template) -> None:
    """Refuse a template in which there is nothing to search.

    Raises:
        TemplateError: it has no trigger tokens, or soft ones that no search of triggers fills.
    """
    if not any(isinstance(piece, Trigger) for piece in template.pieces):
        source = str(template)
        raise TemplateError(
            "the template has no trigger tokens to search",
            where=point_at(source, len(source)),
            hint="Put {trigger*3} where they belong, for example "
            f"{quoted(source.replace('{mask}', '{trigger*3} {mask}'))}.",
        )
    for piece in template.pieces:
        if isinstance(piece, Soft):
            raise TemplateError(
                "soft tokens cannot be searched together with trigger tokens",
                where=point_at(str(template), str(template).index(str(piece))),
                hint="Give words in their place.",
            )


def _check_soft_template(template: Template) -> None:
    """Refuse a template in which there is nothing to learn.

    Raises:
        TemplateError: it has no soft tokens, or triggers, which are searched in another way.
    """
    source = str(template)
    for piece in template.pieces:
        if isinstance(piece, Trigger):
            raise TemplateError(
                "trigger tokens cannot be searched together with soft tokens",
                where=point_at(source, source.index(str(piece))),
                hint="Give words in their place.",
            )
    if not any(isinstance(piece, Soft) for piece in template.pieces):
        raise TemplateError(
            "the template has no soft tokens to learn",
            where=point_at(source, len(source)),
            hint="Put {soft*5} where they belong, for example "
            f"{quoted(source.replace('{mask}', '{soft*5} {mask}'))}.",
        )


def _check_names(what: str, names: Sequence[str], known: Any) -> None:
    for name in names:
        if name not in known:
            near = near_matches(name, known)
            meant = f"Did you mean {near[0]!r}? " if near else ""
            raise OptionError(f"there is no {what} {name!r}", hint=f"{meant}There are {', '.join(known)}.")
