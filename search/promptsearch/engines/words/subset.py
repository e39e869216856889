"""Which of many words together: greedy and beam search over subsets of label words.

A label's score is the log of the mean, over its chosen words, of p(w | x) / p(w), with p(w) the word's
mean probability over the texts at hand (contextualised calibration), so that frequent words are no louder
than rare ones. A set of words is judged by the log-likelihood it gives to held-out labels after batch
calibration on the other folds. Answer states being at hand, one set costs a few hundred multiplications, and
the sets that differ from a given one by one word are judged together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promptsearch.engines.words.crossval import held_out_log_likelihoods
from promptsearch.engines.words.folds import stratified_folds

FloatArray = NDArray[np.float64]
Chosen = tuple[frozenset[int], ...]


@dataclass(frozen=True)
class Subset:
    """Label words that were chosen.

    Attributes:
        columns: of each label, in the order of their numbers.
        log_likelihood: mean over examples, held out.
        tried: how many sets were judged.
    """

    columns: tuple[tuple[int, ...], ...]
    log_likelihood: float
    tried: int


@dataclass(frozen=True)
class SubsetSearch:
    """Greedy steps forward and backward from several starts at once.

    Attributes:
        beam: how many sets go on from step to step.
        most: words a label may have.
        gain: improvement in log-likelihood a text that makes another step worth while.
        folds: of the cross-validation.
    """

    beam: int = 4
    most: int = 12
    gain: float = 1e-3
    folds: int = 5

    def run(
        self,
        log_probs: ArrayLike,
        gold: ArrayLike,
        label_of: ArrayLike,
        n_labels: int,
        start: Sequence[Sequence[int]] | None = None,
        seed: int = 0,
    ) -> Subset:
        """Find words for every label.

        Args:
            log_probs: (n, W) word log-probabilities.
            gold: (n,) label indices.
            label_of: (W,) the label each word may stand for; every label needs one.
            start: columns to start from; the words that do best alone where left out.
            seed: of the folds.
        """
        judge = _Judge(log_probs, gold, label_of, n_labels, self.folds, seed)
        begin = judge.best_alone() if start is None else tuple(frozenset(columns) for columns in start)
        states = {begin: judge.value(begin)}
        best = begin
        while True:
            judged = dict(states)
            for state in states:
                judged |= judge.neighbours(state, self.most)
            kept = sorted(judged, key=lambda s: (-judged[s], sum(map(len, s)), tuple(map(sorted, s))))[
                : self.beam
            ]
            if judged[kept[0]] <= judge.known[best] + self.gain:
                columns = tuple(tuple(sorted(words)) for words in best)
                return Subset(columns, judge.known[best], judge.tried)
            best, states = kept[0], {state: judged[state] for state in kept}


class _Judge:
    """Held-out log-likelihoods of sets of words, those of a set's neighbours all at once."""

    def __init__(
        self, log_probs: ArrayLike, gold: ArrayLike, label_of: ArrayLike, n_labels: int, folds: int, seed: int
    ) -> None:
        values = np.asarray(log_probs, dtype=np.float64)
        ratios = np.exp(values - values.max(axis=0))
        self.ratios = np.ascontiguousarray((ratios / ratios.mean(axis=0)).T)
        self.gold = np.asarray(gold, dtype=np.int64)
        self.folds = stratified_folds(self.gold, folds, seed)
        labels = np.asarray(label_of, dtype=np.int64)
        self.pools = [np.flatnonzero(labels == label) for label in range(n_labels)]
        self.known: dict[Chosen, float] = {}
        self.tried = 0

    def best_alone(self) -> Chosen:
        """For each label the word that rises most where the label is right and falls where it is not."""
        chosen = []
        for label, pool in enumerate(self.pools):
            logs = np.log(np.maximum(self.ratios[pool], 1e-300))
            mine = self.gold == label
            contrast = logs[:, mine].mean(axis=1) - logs[:, ~mine].mean(axis=1)
            chosen.append(frozenset([int(pool[contrast.argmax()])]))
        return tuple(chosen)

    def value(self, state: Chosen) -> float:
        """Of one set."""
        if state not in self.known:
            rows = np.stack([self.ratios[sorted(words)].mean(axis=0) for words in state])
            self.known[state] = float(self._judge(rows[np.newaxis])[0])
        return self.known[state]

    def neighbours(self, state: Chosen, most: int) -> dict[Chosen, float]:
        """Of every set with one word more or one less."""
        sums = np.stack([self.ratios[sorted(words)].sum(axis=0) for words in state])
        counts = np.array([len(words) for words in state])
        found: dict[Chosen, float] = {}
        for label in range(len(state)):
            moves = [(word, sign) for word, sign in self._moves(state, label, most)]
            sets = [self._moved(state, label, word, sign) for word, sign in moves]
            new = [i for i, each in enumerate(sets) if each not in self.known]
            if new:
                words = [moves[i][0] for i in new]
                signs = np.array([moves[i][1] for i in new])
                rows = np.broadcast_to(sums / counts[:, None], (len(new), *sums.shape)).copy()
                rows[:, label] = (sums[label] + signs[:, None] * self.ratios[words]) / (
                    counts[label] + signs
                )[:, None]
                for i, value in zip(new, self._judge(rows)):
                    self.known[sets[i]] = float(value)
            found |= {each: self.known[each] for each in sets}
        return found

    def _moves(self, state: Chosen, label: int, most: int) -> Iterator[tuple[int, int]]:
        words = state[label]
        if len(words) < most:
            yield from ((int(word), 1) for word in self.pools[label] if word not in words)
        if len(words) > 1:
            yield from ((word, -1) for word in sorted(words))

    @staticmethod
    def _moved(state: Chosen, label: int, word: int, sign: int) -> Chosen:
        words = state[label] | {word} if sign > 0 else state[label] - {word}
        return (*state[:label], words, *state[label + 1 :])

    def _judge(self, rows: FloatArray) -> FloatArray:
        self.tried += len(rows)
        scores = np.log(np.maximum(rows, 1e-300))
        return held_out_log_likelihoods(scores, self.gold, self.folds).mean(axis=1)
