"""One template on one PLM: the answer states of the task's texts, and words read off them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.words.vocabulary import Vocabulary, WholeWords, WordFilter, vocabulary_of
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
        texts: the labelled ones, then the others.
        states: of all texts.
        gold: (n_labelled,) label indices.
        scoring: how answers of several tokens are read.
        allowed: which words of the vocabulary may be label words.
    """

    plm: PLM
    template: Template
    texts: tuple[Example, ...]
    states: AnswerStates
    gold: NDArray[np.int64]
    scoring: AnswerScoring
    allowed: WordFilter

    @classmethod
    def of(
        cls,
        plm: PLM,
        template: Template,
        texts: Sequence[Example],
        scoring: AnswerScoring,
        allowed: WordFilter,
    ) -> Reading:
        """Run the PLM over the texts, once."""
        labelled = [text for text in texts if text.label is not None]
        ordered = (*labelled, *(text for text in texts if text.label is None))
        gold = np.array([text.label for text in labelled], dtype=np.int64)
        return cls(plm, template, ordered, plm.answer_states(template, ordered), gold, scoring, allowed)

    @property
    def n_labelled(self) -> int:
        """How many texts have labels."""
        return len(self.gold)

    @property
    def hidden(self) -> FloatArray:
        """(n_labelled, d) answer states of the labelled texts."""
        return self.states.hidden[: self.n_labelled]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Every word of the PLM's vocabulary that fits the slot."""
        return vocabulary_of(self.plm, self.template, self.allowed)

    @cached_property
    def labelled_log_probs(self) -> FloatArray:
        """(n_labelled, W) log-probability of every word of the vocabulary for each labelled text."""
        n, s = self.n_labelled, self.states
        labelled = AnswerStates(s.hidden[:n], s.log_partition[:n], s.tokens[:n], s.shortened[:n])
        return self.vocabulary.log_probs(self.plm, labelled)

    @cached_property
    def embeddings(self) -> FloatArray:
        """(W, d) output embedding of each word's first spelling."""
        return self.plm.output_embeddings([tokens[0] for tokens in self.vocabulary.tokens])[0]

    @cached_property
    def whole(self) -> WholeWords:
        """Tells whole words from beginnings of words."""
        return WholeWords(self.plm)

    def best_words(self, scores: NDArray[np.floating], n: int) -> list[str]:
        """The n words of the vocabulary with the highest scores that are above -inf, the best first."""
        order = [i for i in np.argsort(-scores, kind="stable").tolist() if scores[i] > -np.inf]
        words = self.vocabulary.words
        chosen = self.whole.first(words, n, order) if self.allowed.whole else order[:n]
        return [words[i] for i in chosen]

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
        """(n, len(words)) log-probability of each word for every text, spellings summed."""
        found = word_log_probs(
            self.plm, self.template, list(words), self.texts, self.scoring, self.states, case="any"
        )
        return found.astype(np.float64)
