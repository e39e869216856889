"""One template on one PLM: the answer states of the task's texts, and words read off them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from promptsearch.knowledge.neighbours import Neighbours
from promptsearch.knowledge.vocabulary import PLMWords, SlotWords, Vocabulary
from promptsearch.plms.base import PLM, AnswerScoring, AnswerStates
from promptsearch.readings import answer_tokens, word_log_probs
from promptsearch.tasks.task import Example
from promptsearch.template import Template

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Reading:
    """What label words are searched on.

    Labelled texts come first; all texts, their labels not looked at, serve for priors and refinements.

    Attributes:
        words: the PLM's words.
        texts: the labelled ones, then the others.
        states: of all texts.
        gold: (n_labelled,) label indices.
        scoring: how answers of several tokens are read.
    """

    words: PLMWords
    template: Template
    texts: tuple[Example, ...]
    states: AnswerStates
    gold: NDArray[np.int64]
    scoring: AnswerScoring

    @classmethod
    def of(
        cls, words: PLMWords, template: Template, texts: Sequence[Example], scoring: AnswerScoring
    ) -> Reading:
        """Run the PLM over the texts, once."""
        labelled = [text for text in texts if text.label is not None]
        ordered = (*labelled, *(text for text in texts if text.label is None))
        gold = np.array([text.label for text in labelled], dtype=np.int64)
        return cls(words, template, ordered, words.plm.answer_states(template, ordered), gold, scoring)

    @property
    def n_labelled(self) -> int:
        """How many texts have labels."""
        return len(self.gold)

    @property
    def hidden(self) -> FloatArray:
        """(n_labelled, d) answer states of the labelled texts."""
        return self.states.hidden[: self.n_labelled]

    @property
    def plm(self) -> PLM:
        """The PLM that read the texts."""
        return self.words.plm

    @property
    def vocabulary(self) -> Vocabulary:
        """Every word of the PLM's vocabulary that fits the slot."""
        return self.slot.vocabulary

    @property
    def embeddings(self) -> FloatArray:
        """(W, d) output embedding of each word's first spelling."""
        return self.slot.embeddings

    @property
    def neighbours(self) -> Neighbours:
        """The vocabulary as a knowledge base."""
        return self.slot.neighbours

    @cached_property
    def slot(self) -> SlotWords:
        """The words that fit the template's slot."""
        return self.words.in_slot(self.template)

    @cached_property
    def labelled_log_probs(self) -> FloatArray:
        """(n_labelled, W) log-probability of every word of the vocabulary for each labelled text."""
        labelled = self.states.rows(range(self.n_labelled))
        return self.vocabulary.log_probs(self.plm, labelled)

    def of_labelled(self, chosen: NDArray[np.bool_]) -> Reading:
        """The same with some of the labelled texts alone: (n_labelled,)."""
        rows = np.flatnonzero(chosen)
        part = replace(
            self,
            texts=tuple(self.texts[i] for i in rows),
            states=self.states.rows(rows),
            gold=self.gold[rows],
        )
        # What was worked out for all texts need not be worked out again.
        part.__dict__["slot"] = self.slot
        part.__dict__["_several"] = {word: column[rows] for word, column in self._several.items()}
        if "labelled_log_probs" in self.__dict__:
            part.__dict__["labelled_log_probs"] = self.labelled_log_probs[rows]
        return part

    def best_words(self, scores: NDArray[np.floating], n: int) -> list[str]:
        """The n words of the vocabulary with the highest scores that are above -inf, the best first."""
        order = [i for i in np.argsort(-scores, kind="stable").tolist() if scores[i] > -np.inf]
        words = self.vocabulary.words
        only_whole = self.words.allowed.whole
        chosen = self.words.whole.first(words, n, order) if only_whole else order[:n]
        return [words[i] for i in chosen]

    def beginnings(self, words: Sequence[str]) -> set[str]:
        """Those of the words that are only beginnings of longer ones; none where such may be label words."""
        if not self.words.allowed.whole or not words:
            return set()
        return {word for word, whole in zip(words, self.words.whole.of(list(words))) if not whole}

    def tokens(self, words: Sequence[str]) -> list[int]:
        """How many tokens each word takes in the slot, 1 if some spelling does; 0 if it cannot be spelled."""
        spelled = self.plm.spelled_ids(self.template, list(words))
        known = [word for word, ids in zip(words, spelled) if ids is not None]
        counts = {
            word: len(forms[0])
            for word, forms in zip(known, answer_tokens(self.plm, self.template, known, "any"))
        }
        return [counts.get(word, 0) for word in words]

    def log_probs(self, words: Sequence[str]) -> NDArray[np.float64]:
        """(n, len(words)) log-probability of each word for every text, spellings summed.

        Words of several tokens need passes of their own, once.
        """
        listed = list(words)
        each_by_itself = self.scoring.normalisation == "pmi"
        longer = [word for word, n in zip(listed, self.tokens(listed)) if n != 1 or each_by_itself]
        if new := [word for word in dict.fromkeys(longer) if word not in self._several]:
            self._several.update(zip(new, self._scored(new).T))
        found = np.empty((len(self.texts), len(listed)))
        single = [i for i, word in enumerate(listed) if word not in self._several]
        if single:
            found[:, single] = self._scored([listed[i] for i in single])
        for i, word in enumerate(listed):
            if word in self._several:
                found[:, i] = self._several[word]
        return found

    def _scored(self, words: list[str]) -> NDArray[np.float64]:
        found = word_log_probs(
            self.plm, self.template, words, self.texts, self.scoring, self.states, case="any"
        )
        return found.astype(np.float64)

    @cached_property
    def _several(self) -> dict[str, NDArray[np.float64]]:
        """Columns of the words of several tokens that were asked for."""
        return {}
