"""What a search starts from: the task's data, and the engines with what they are given."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from promptsearch.engines import engine
from promptsearch.engines.base import Engine
from promptsearch.engines.manual import ManualEngine, lead_ins, library_for, words_from
from promptsearch.engines.mining import MiningEngine
from promptsearch.engines.words import WordsEngine
from promptsearch.errors import DataError
from promptsearch.plms.base import PLM, AnswerScoring
from promptsearch.predicting import as_example
from promptsearch.showing import whole_text
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.observer import Observer
from promptsearch.study.softs import SOFT
from promptsearch.study.triggers import TRIGGER, unfit_for_triggers
from promptsearch.tasks import draw_splits, load_task
from promptsearch.tasks.task import Example, Task
from promptsearch.tasks.texts import rows_of_texts
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

if TYPE_CHECKING:
    from promptsearch.engines.soft.engine import SoftEngine
    from promptsearch.engines.trigger import TriggerEngine


def load_source(config: DiscoverConfig) -> Task:
    """The task with its source's own splits.

    Raises:
        PromptSearchError: it is unknown, or its data are missing or wrong.
    """
    return load_task(
        config.task,
        data=config.data,
        mapping=config.mapping,
        kind=config.kind,
        stand_in=config.stand_in,
        offline=config.offline,
    )


def load_search_task(config: DiscoverConfig) -> Task:
    """The task with its splits drawn, as a config says.

    Raises:
        PromptSearchError: whatever is wrong with the data.
    """
    task = load_source(config)
    for label in (*task.labels, *task.label_names):
        if whole_text(str(label)) != str(label):
            raise DataError(
                f"the label {label!r} holds half of a surrogate pair, which is no text",
                where=task.source.location or None,
            )
    task = replace(task, name=whole_text(task.name), metric=config.metric or task.metric)
    return draw_splits(task, shots=config.shots, seed=config.seed, max_test=config.max_test)


def manual_engine(config: DiscoverConfig, task: Task) -> ManualEngine:
    """The engine of hand-written prompts, with the user's own in place of the library's."""
    words, labels = config.words, task.labels
    templates = [Template.parse(source) for source in config.templates]
    for template in templates:
        template.check_fields(task.fields)
    if isinstance(words, Mapping):
        by_name = {name: label for name, label in zip(task.label_names, labels) if name not in labels}
        own = [Verbalizer.of({by_name.get(key, key): given for key, given in words.items()}, labels)]
    else:
        own = [words_from(words, labels, task.label_names)] if words else []
    return ManualEngine(templates, own)


@dataclass(frozen=True)
class _Reading:
    """Tells an observer how far a corpus has been read."""

    observer: Observer

    def advance(self, done: int, total: int | None, sentences: int) -> None:
        self.observer.reading(done, total, sentences)


def mining_engine(
    config: DiscoverConfig, task: Task, manual: ManualEngine, observer: Observer
) -> MiningEngine:
    """The engine that mines text, with the label words that a person would write."""
    names: tuple[Verbalizer, ...] = ()
    if task.kind != "fact":
        names = manual.verbalizers or _plain_and_many(task)
    return MiningEngine(config.mining, names, AnswerScoring(config.normalisation), _Reading(observer))


def _plain_and_many(task: Task) -> tuple[Verbalizer, ...]:
    """The library's first label words, and those of most words a label."""
    verbalizers = [candidate.verbalizer for candidate in library_for(task, "masked")]
    return tuple(dict.fromkeys((verbalizers[0], max(verbalizers, key=lambda each: each.size))))


def unlabelled_texts(config: DiscoverConfig, task: Task) -> list[Example]:
    """The texts of the file that a config names, blank ones left out; none where it names none.

    Raises:
        DataError: the file is missing or unreadable, lacks a field, or holds blank texts alone.
    """
    if config.unlabelled is None:
        return []
    mapping = config.mapping if isinstance(config.mapping, str) else None
    rows = rows_of_texts(Path(config.unlabelled), task.fields, mapping)
    texts = [as_example(row, task.fields) for row in rows]
    found = [text for text in texts if any(value.strip() for value in text.values.values())]
    if not found:
        raise DataError(
            "the file holds no text", where=str(config.unlabelled), hint="Give a file with at least one text."
        )
    return found


def _check_late(config: DiscoverConfig, task: Task, observer: Observer) -> None:
    """Say where there is nothing for the engines of tokens to search, or refuse that where one is needed."""
    for source in (*config.trigger_templates, *config.soft_templates):
        Template.parse(source).check_fields(task.fields)
    reason = unfit_for_triggers(task)
    for name in (TRIGGER, SOFT):
        if reason is None or name not in config.engines:
            continue
        if name in config.needed:
            what = "trigger can be searched" if name == TRIGGER else "soft token can be learned"
            raise DataError(f"no {what}: {reason}", where=task.source.location or None)
        observer.notice(f"The engine {name} was left out: {reason}")


@dataclass(frozen=True)
class Engines:
    """The engines of a search.

    Attributes:
        manual: with the user's own templates and words in place of the library's.
        mining: reads its text once, for all PLMs.
        unlabelled: texts for the engine `words` besides those of train.
    """

    config: DiscoverConfig
    task: Task
    manual: ManualEngine
    mining: MiningEngine
    unlabelled: tuple[Example, ...] = ()

    @classmethod
    def of(cls, config: DiscoverConfig, task: Task, observer: Observer | None = None) -> Engines:
        """Read whatever files the engines are given.

        Raises:
            PromptSearchError: one of them cannot be read.
            DataError: an engine that is needed has nothing to search for the task.
        """
        _check_late(config, task, observer or Observer())
        if "words" in config.engines and task.kind != "fact" and len(task.labels) > 1:
            WordsEngine(config.label_words).check(task)
        manual = manual_engine(config, task)
        mining = mining_engine(config, task, manual, observer or Observer())
        if "mining" in config.engines:
            mining.check(task)
        return cls(config, task, manual, mining, tuple(unlabelled_texts(config, task)))

    @property
    def names(self) -> tuple[str, ...]:
        """The engines that have something to search for the task."""
        # The answers of facts are names, which stand for nothing but themselves.
        left_out = set()
        if self.task.kind == "fact" or len(self.task.labels) < 2:
            left_out.add("words")
        if unfit_for_triggers(self.task) is not None:
            left_out |= {TRIGGER, SOFT}
        return tuple(name for name in self.config.engines if name not in left_out)

    @property
    def words_templates(self) -> int:
        """How many templates of a PLM the engine `words` searches: those of others, or its own."""
        return self.config.words_templates if len(self.names) > 1 else 1

    def named(self, name: str) -> Engine:
        """The engine of that name.

        Raises:
            OptionError: there is none.
        """
        own: dict[str, Engine] = {"manual": self.manual, "mining": self.mining}
        return own[name] if name in own else engine(name)

    def words_for(self, template: Template | None, plain: Verbalizer | None) -> WordsEngine:
        """The engine `words` for one template; for one of its own where there is none.

        Args:
            plain: label words that a person would write.
        """
        return WordsEngine(
            self.config.label_words,
            [] if template is None else [template],
            plain,
            self.unlabelled,
            AnswerScoring(self.config.normalisation),
        )

    def soft_for(
        self, words: Verbalizer, starts: Sequence[Template], known: Collection[tuple[str, int]]
    ) -> SoftEngine:
        """The engine `soft` for one PLM.

        Args:
            words: label words that a person would write.
            starts: templates of other engines whose words soft tokens start from.
            known: trainings that are done.
        """
        from promptsearch.engines.soft.engine import SoftEngine

        own = [Template.parse(source) for source in self.config.soft_templates]
        return SoftEngine(self.config.soft, own, words, () if own else starts, known=known)

    def trigger_for(
        self, plm: PLM, words: Verbalizer, starts: Sequence[Template], folder: Path
    ) -> TriggerEngine:
        """The engine `trigger` for one PLM.

        Args:
            words: label words that a person would write.
            starts: templates of other engines whose words it also begins from.
            folder: where it keeps how far it is.
        """
        from promptsearch.engines.trigger import TriggerEngine

        own = [Template.parse(source) for source in self.config.trigger_templates]
        openings = lead_ins(self.task, plm.identity.family)
        return TriggerEngine(
            self.config.trigger, own, words, () if own else starts, folder, openings=openings
        )
