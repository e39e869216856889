"""The `words` engine: finds the label words of a template, or of several."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from promptsearch.engines.base import Budget, Candidate, candidate_log_probs
from promptsearch.engines.words.config import KNOWLEDGE, WordsConfig
from promptsearch.engines.words.expansion import label_names
from promptsearch.engines.words.found import Found
from promptsearch.engines.words.reading import Reading
from promptsearch.engines.words.search import Search
from promptsearch.errors import DataError, KnowledgeError
from promptsearch.knowledge.base import KnowledgeBase
from promptsearch.knowledge.registry import Sources, knowledge_base
from promptsearch.knowledge.vocabulary import PLMWords
from promptsearch.plms.base import PLM, SUMMED, AnswerScoring
from promptsearch.tasks.drawing import drawn_by_class
from promptsearch.tasks.task import Example, Task
from promptsearch.template import Field, Mask, Piece, Template, Text
from promptsearch.verbalizer import Verbalizer

_log = logging.getLogger(__name__)


class WordsEngine:
    """Label words from labelled examples, from knowledge bases and from the PLM itself.

    Args:
        config: which methods, knowledge bases and refinements.
        templates: whose label words to find; those that a PLM cannot read are passed over.
        names: label words that a person would write, for labels whose names are no words.
        unlabelled: more texts of the task; texts of train serve in any case.
        scoring: how answers of several tokens are read.
    """

    name: str = "words"

    def __init__(
        self,
        config: WordsConfig | None = None,
        templates: Sequence[Template] = (),
        names: Verbalizer | None = None,
        unlabelled: Sequence[Example] = (),
        scoring: AnswerScoring = SUMMED,
    ) -> None:
        self.config = config or WordsConfig()
        self.templates = tuple(dict.fromkeys(templates))
        self.names = names
        self.unlabelled = tuple(Example(text.values) for text in unlabelled)
        self.scoring = scoring

    def check(self, task: Task) -> None:
        """Open the knowledge bases, so that one which cannot be had is known before the work begins.

        Raises:
            OptionError: there is none of a name.
            KnowledgeError, DataError: it cannot be had, or its file is wrong.
        """
        self._bases(task)

    def search(self, task: Task, plm: PLM, budget: Budget, seed: int) -> Iterator[Candidate]:
        """Verbalizers of each template, those that need no labels first.

        `budget.evaluations` is the number of templates. At most `WordsConfig.most_texts` of train are
        searched on, drawn by class and by seed: memory grows with texts × vocabulary.

        Raises:
            DataError: train has no texts.
            KnowledgeError: a knowledge base that was asked for by name cannot be had.
        """
        end = None if budget.seconds is None else time.monotonic() + budget.seconds
        chosen = drawn_by_class(task.train, self.config.most_texts, seed)
        texts = [*(task.train[i] for i in chosen), *self.unlabelled[: self.config.most_texts]]
        if not texts:
            raise DataError(
                "there are no texts to find label words on", hint="Give examples, or --unlabelled FILE."
            )
        bases, neighbours = self._bases(task)
        names = label_names(task, self.names)
        words = PLMWords(plm, self.config.allowed)
        for template in self._templates(task, plm)[: budget.evaluations]:
            reading = Reading.of(words, template, texts, self.scoring)
            for found in Search(task, reading, names, bases, neighbours, self.config, seed).run():
                if end is not None and time.monotonic() >= end:
                    return
                candidate = _candidate(template, found, len(texts))
                yield _judged_on_all(candidate, task.train, chosen, plm, self.scoring)

    def _templates(self, task: Task, plm: PLM) -> list[Template]:
        templates = self.templates or (plain_template(task.fields),)
        return [each for each in templates if each.form == "prefix" or plm.identity.reads_right]

    def _bases(self, task: Task) -> tuple[list[KnowledgeBase], bool]:
        """The knowledge bases, and whether the PLM's embedding neighbours are one of them.

        By default WordNet is left out where it is not on this machine.
        """
        named = self.config.knowledge
        sources = Sources(
            wordnet=self.config.wordnet,
            conceptnet=self.config.conceptnet,
            relations=self.config.relations,
            depth=self.config.depth,
            labels=task.labels,
            label_names=task.label_names,
        )
        bases: list[KnowledgeBase] = []
        for name in dict.fromkeys(named if named is not None else KNOWLEDGE):
            if name == "neighbours":
                continue
            try:
                bases.append(knowledge_base(name, sources))
            except KnowledgeError as error:
                if named is not None:
                    raise
                _log.info("left out: %s", error.message)
        return bases, "neighbours" in (named if named is not None else KNOWLEDGE)


def _judged_on_all(
    candidate: Candidate,
    train: Sequence[Example],
    chosen: Sequence[int],
    plm: PLM,
    scoring: AnswerScoring,
) -> Candidate:
    """The candidate with figures for all of train: what it was not fitted on needs no holding out."""
    known = candidate.train_log_probs
    if known is None or len(known) == len(train):
        return candidate
    rest = sorted(set(range(len(train))) - set(chosen))
    log_probs = np.empty((len(train), known.shape[1]))
    log_probs[list(chosen)] = known
    log_probs[rest] = candidate_log_probs(plm, candidate, scoring, [train[i] for i in rest])
    return replace(candidate, train_log_probs=log_probs)


def plain_template(fields: Sequence[str]) -> Template:
    """Every field on a line of its own, then the slot."""
    pieces: list[Piece] = [piece for name in fields for piece in (Field(name), Text("\n"))]
    return Template((*pieces, Text("It is about "), Mask()))


def _candidate(template: Template, found: Found, n_texts: int) -> Candidate:
    return Candidate(
        template,
        found.verbalizer,
        "words",
        found.record(),
        calibration=found.calibration,
        calibrated_on=n_texts,
        readout=found.readout,
        train_log_probs=found.train_log_probs,
    )
