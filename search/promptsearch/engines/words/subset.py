"""Which of many words together: greedy and beam search over subsets of label words.

A label's score is the log of the mean, over its chosen words, of p(w | x) / p(w), with p(w) the word's
mean probability over the texts at hand (contextualised calibration), so that frequent words are no louder
than rare ones. A set of words is judged by the log-likelihood it gives to held-out labels after batch
calibration on the other folds. Answer states being at hand, one set costs a few hundred multiplications, and
the sets that differ from a given one by one word are judged together, the changed label's scores alone gone
through text by text.

With many labels a step has thousands of sets to judge. The beam narrows until every label can be changed once
within `most_sets`, and a search that has judged so many ends with the best it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promptsearch.engines.words.crossval import held_out_log_likelihoods, held_out_of_changes
from promptsearch.engines.words.folds import stratified_folds

FloatArray = NDArray[np.float64]
Chosen = tuple[frozenset[int], ...]
Move = tuple[int, int, int]  # label, word, +1 or -1

_CHUNK_VALUES = 2_000_000


@dataclass(frozen=True)
class Subset:
    """Label words that were chosen.

    Attributes:
        columns: of each label, in the order of their numbers.
        log_likelihood: mean over examples, held out.
        tried: how many sets were judged.
        finished: False where the search ended at its limit while sets still got better.
    """

    columns: tuple[tuple[int, ...], ...]
    log_likelihood: float
    tried: int
    finished: bool = True


@dataclass(frozen=True)
class SubsetSearch:
    """Greedy steps forward and backward from several starts at once.

    Attributes:
        beam: how many sets go on from step to step; fewer where there are too many sets to judge.
        most: words a label may have.
        gain: improvement in log-likelihood a text that makes another step worth while.
        folds: of the cross-validation.
        most_sets: sets to judge before the search ends; the step that reaches it is not broken off.
    """

    beam: int = 4
    most: int = 12
    gain: float = 1e-3
    folds: int = 5
    most_sets: int = 200_000

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
            start: columns to start from, each its own label's; the words that do best alone where left out.
            seed: of the folds.
        """
        judge = _Judge(log_probs, gold, label_of, n_labels, self.folds, seed)
        begin = judge.best_alone() if start is None else tuple(frozenset(columns) for columns in start)
        states, best, value = {begin: judge.value(begin)}, begin, judge.value(begin)
        width = self._width(np.shape(log_probs)[1], n_labels)
        while True:
            judged = {judge.key(state): (value, state, None) for state, value in states.items()}
            for state in states:
                for key, found, move in judge.neighbours(state, self.most):
                    judged.setdefault(key, (found, state, move))
            kept = _best(list(judged.values()), width)
            stuck = kept[0][0] <= value + self.gain
            if not stuck:
                value, best = kept[0]
            if stuck or judge.tried >= self.most_sets:
                columns = tuple(tuple(sorted(words)) for words in best)
                return Subset(columns, value, judge.tried, finished=stuck)
            states = {state: found for found, state in kept}

    def _width(self, n_words: int, n_labels: int) -> int:
        return max(1, min(self.beam, self.most_sets // (n_words * n_labels)))


def _best(judged: Sequence[tuple[float, Chosen, Move | None]], width: int) -> list[tuple[float, Chosen]]:
    """The `width` sets judged best, of equal ones the smallest; each is given as a set and a move from it."""
    values = np.array([value for value, _, _ in judged])
    last = np.sort(values)[::-1][:width][-1]
    sets = [(judged[i][0], _moved(judged[i][1], judged[i][2])) for i in np.flatnonzero(values >= last)]
    return sorted(sets, key=lambda s: (-s[0], sum(map(len, s[1])), tuple(map(sorted, s[1]))))[:width]


def _moved(state: Chosen, move: Move | None) -> Chosen:
    if move is None:
        return state
    label, word, sign = move
    words = state[label] | {word} if sign > 0 else state[label] - {word}
    return (*state[:label], words, *state[label + 1 :])


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
        self.known: dict[int, float] = {}
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
        key = self.key(state)
        if key not in self.known:
            scores = np.log(np.maximum(self._sums(state) / _counts(state), 1e-300))
            self.tried += 1
            found = held_out_log_likelihoods(scores[np.newaxis], self.gold, self.folds)
            self.known[key] = float(found.mean())
        return self.known[key]

    @staticmethod
    def key(state: Chosen) -> int:
        """A set as a number with one bit a word, which a move flips."""
        return sum(1 << word for words in state for word in words)

    def neighbours(self, state: Chosen, most: int) -> Iterator[tuple[int, float, Move]]:
        """Key and value of every set with one word more or one less, with the move that leads there."""
        here = self.key(state)
        moves = [move for label in range(len(state)) for move in self._moves(state, label, most)]
        keys = [here ^ (1 << word) for _, word, _ in moves]
        new = [i for i, key in enumerate(keys) if key not in self.known]
        size = max(1, _CHUNK_VALUES // (len(self.gold) + 6 * len(state)))
        for start in range(0, len(new), size):
            part = new[start : start + size]
            for i, value in zip(part, self._judge(state, [moves[i] for i in part]).tolist()):
                self.known[keys[i]] = value
        return ((key, self.known[key], move) for key, move in zip(keys, moves))

    def _moves(self, state: Chosen, label: int, most: int) -> Iterator[Move]:
        words = state[label]
        if len(words) < most:
            yield from ((label, word, 1) for word in self.pools[label].tolist() if word not in words)
        if len(words) > 1:
            yield from ((label, word, -1) for word in sorted(words))

    def _judge(self, state: Chosen, moves: Sequence[Move]) -> FloatArray:
        self.tried += len(moves)
        labels, words, signs = np.array(moves, dtype=np.int64).T
        sums, counts = self._sums(state), _counts(state)
        changed = sums[labels] + signs[:, np.newaxis] * self.ratios[words]
        changed /= counts[labels] + signs[:, np.newaxis]
        return held_out_of_changes(sums / counts, labels, changed, self.gold, self.folds).mean(axis=1)

    def _sums(self, state: Chosen) -> FloatArray:
        """(L, n) of each label's words."""
        return np.stack([self.ratios[sorted(words)].sum(axis=0) for words in state])


def _counts(state: Chosen) -> FloatArray:
    return np.array([[float(len(words))] for words in state])
