"""Reading the candidates of the engines that need no labels, on every PLM."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from promptsearch.engines.base import Budget, Candidate, Engine
from promptsearch.engines.mining.mining import Mining
from promptsearch.engines.words import WordsConfig, WordsEngine
from promptsearch.engines.words.config import WITHOUT_LABELS
from promptsearch.errors import (
    DataError,
    KnowledgeError,
    PromptSearchError,
    TemplateError,
    VerbalizerError,
)
from promptsearch.plms.base import PLM, AnswerScoring
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.informed import Informed, inform, ranked
from promptsearch.study.observer import Observer
from promptsearch.study.session import PLMs
from promptsearch.study.setup import manual_engine, mining_engine
from promptsearch.study.trying import Rejected
from promptsearch.tasks.task import Task

CALIBRATION = "prior-batch"
"""The one that is used where none is named: it makes neither a word nor a label louder than others."""


@dataclass(frozen=True)
class _Share:
    """What a PLM may spend: until when, and until how many templates of all PLMs were read."""

    end: float | None
    templates: int | None

    def spent(self, templates: int) -> bool:
        over = self.end is not None and time.monotonic() >= self.end
        return over or (self.templates is not None and templates >= self.templates)


@dataclass
class UnlabelledSearch:
    """A search without labels as it goes on."""

    config: DiscoverConfig
    task: Task
    observer: Observer
    plms: dict[str, PLM] = field(default_factory=dict)
    found: list[Informed] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    unavailable: dict[str, str] = field(default_factory=dict)
    mining: Mining | None = None
    interrupted: bool = False
    templates: int = 0
    start: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.scoring = AnswerScoring(self.config.normalisation)
        self.manual = manual_engine(self.config, self.task)
        self.miner = mining_engine(self.config, self.task, self.manual, self.observer)

    def check(self) -> None:
        """See that what the engines read can be read, before the work begins."""
        if "words" in self.config.engines:
            WordsEngine(self.words_config).check(self.task)
        if "mining" in self.config.engines:
            self.miner.check(self.task)

    @property
    def words_config(self) -> WordsConfig:
        """The user's, with the methods that need no labels alone."""
        given = self.config.label_words
        methods = tuple(name for name in given.methods if name in WITHOUT_LABELS)
        return replace(given, methods=methods or WITHOUT_LABELS)

    def load_plms(self) -> None:
        """Load every PLM, see `PLMs.load`."""
        found = PLMs.load(self.config, self.observer)
        found.watch(self.observer, None)
        self.plms, self.unavailable = found.loaded, found.unavailable

    def read_everything(self) -> None:
        """Every PLM, every engine. Each PLM has an equal share of what those before it left to spend."""
        for i, plm in enumerate(self.plms.values()):
            try:
                self._read(plm, self._share(len(self.plms) - i))
            except PromptSearchError as error:
                # What another PLM has brought must not be lost, where this one was not asked for by name.
                if self.config.plms is not None or not self.found:
                    raise
                self._leave_out(plm.identity.reference, error)
        if not self.found:
            reasons = [*self.unavailable.values(), *dict.fromkeys(item.reason for item in self.rejected)]
            raise PromptSearchError(
                "no candidate could be tried",
                where="\n".join(reasons[:3]) or None,
                hint="Give templates and label words that fit the task and the PLM.",
            )

    def _share(self, plms: int) -> _Share:
        """What the next of so many PLMs may spend."""
        limits, now = self.config.limits, time.monotonic()
        end = None if limits.minutes is None else now + (self.start + 60 * limits.minutes - now) / plms
        if limits.evaluations is None:
            return _Share(end, None)
        return _Share(end, self.templates + max(1, (limits.evaluations - self.templates) // plms))

    def _read(self, plm: PLM, share: _Share) -> None:
        for name, engine in self._engines(plm):
            if share.spent(self.templates):
                break
            if not self._inform(plm, self._candidates(name, engine, plm), share):
                break
        else:
            return
        reference = plm.identity.reference
        self.observer.notice(f"{reference}: what may be spent was spent before every candidate was read.")

    def _candidates(self, name: str, engine: Engine, plm: PLM) -> list[Candidate]:
        reference = plm.identity.reference
        self.observer.stage(f"{reference}: engine {name}")
        try:
            candidates = list(engine.search(self.task, plm, Budget(), self.config.seed))
        except (DataError, KnowledgeError, TemplateError, VerbalizerError) as error:
            if not any(each.plm == reference for each in self.found):
                raise
            self.observer.notice(f"{reference}: {name} found nothing: {error.message}")
            return []
        if name == "mining":
            self._tell_mined()
        templates = len({candidate.template for candidate in candidates})
        self.observer.stage(f"{reference}: {templates} templates, {len(candidates)} candidates")
        return candidates

    def _inform(self, plm: PLM, candidates: Sequence[Candidate], share: _Share) -> bool:
        """Read the candidates; whether all of them could be, within what may be spent."""
        methods = self.config.calibrations or (CALIBRATION,)
        left = len({candidate.template for candidate in candidates})
        for found in inform(self.task, plm, candidates, methods, self.scoring, self.rejected.append):
            self.found += found
            self.templates += 1
            left -= 1
            if left and share.spent(self.templates):
                return False
        return True

    def _engines(self, plm: PLM) -> Iterator[tuple[str, Engine]]:
        """Those that need no labels; `words` takes the most telling templates of the others."""
        for name in self.config.engines:
            if name == "manual":
                yield name, self.manual
            elif name == "mining":
                yield name, self.miner
            elif name == "words":
                yield name, self._words(plm)
            else:
                self.observer.notice(f"The engine {name} was left out: it needs labelled examples.")

    def _words(self, plm: PLM) -> WordsEngine:
        mine = ranked([each for each in self.found if each.plm == plm.identity.reference])
        templates = list(dict.fromkeys(each.candidate.template for each in mine))
        names = next((each.candidate.verbalizer for each in mine if each.is_baseline), None)
        chosen = templates[: self.config.words_templates]
        return WordsEngine(self.words_config, chosen, names, scoring=self.scoring)

    def _tell_mined(self) -> None:
        """What a user must know of the text, once."""
        if self.mining is None:
            self.mining = self.miner.mine(self.task)
            for notice in self.mining.notices:
                self.observer.notice(notice)

    def _leave_out(self, reference: str, error: PromptSearchError) -> None:
        self.unavailable[reference] = error.message
        self.observer.notice(f"{reference} was left out: {error.message}")
