"""Label words from labelled texts alone, each method as a function of a reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.words.found import Found, calibrated, verbalizer_of
from promptsearch.engines.words.likelihood import assign, likely_words
from promptsearch.engines.words.probe import probe_scores
from promptsearch.engines.words.ratio import cross_entropy_scores, ratio_scores
from promptsearch.engines.words.reading import Reading
from promptsearch.knowledge.base import RelatedWord
from promptsearch.verbalizer import Label

FloatArray = NDArray[np.floating]

# Words of each label that conditional likelihood chooses from, as in LM-BFF for two labels and for more.
_LIKELY = {2: 100}
_LIKELY_EACH = 20


def probe(reading: Reading, n_labels: int) -> FloatArray:
    """Scores of a linear probe (AutoPrompt): (L, W)."""
    return probe_scores(reading.hidden, reading.gold, n_labels, reading.embeddings)


def ratio(reading: Reading, n_labels: int) -> FloatArray:
    """Likelihood ratios (PETAL): (L, W)."""
    return ratio_scores(reading.labelled_log_probs, reading.gold, n_labels)


def cross_entropy(reading: Reading, n_labels: int) -> FloatArray:
    """Cross-entropies of one label against the rest (PETAL): (L, W)."""
    return cross_entropy_scores(reading.labelled_log_probs, reading.gold, n_labels)


SCORES: Mapping[str, Callable[[Reading, int], FloatArray]] = MappingProxyType(
    {"probe": probe, "ratio": ratio, "cross-entropy": cross_entropy}
)


def top_words(reading: Reading, scores: FloatArray, per_label: int, shared: bool = False) -> list[list[str]]:
    """The words of each label with the highest scores, whole words only.

    Args:
        scores: (L, W).
        shared: whether a word may stand for several labels; otherwise it stands for the one among whose
            scores its own stands out most.
    """
    if not shared:
        spread = np.maximum(scores.std(axis=1, keepdims=True), 1e-12)
        outstanding = (scores - scores.mean(axis=1, keepdims=True)) / spread
        own = outstanding.argmax(axis=0) == np.arange(len(scores))[:, np.newaxis]
        scores = np.where(own, scores, -np.inf)
    return [reading.best_words(row, per_label) for row in scores]


def by_scores(
    reading: Reading, labels: Sequence[Label], method: str, per_label: int, shared: bool, calibration: str
) -> Found | None:
    """Words by one of `SCORES`; None where a label gets none."""
    words = top_words(reading, SCORES[method](reading, len(labels)), per_label, shared)
    return found_words(reading, labels, method, words, calibration) if all(words) else None


def by_likelihood(reading: Reading, labels: Sequence[Label], seed: int, calibration: str) -> Found | None:
    """One word a label by conditional likelihood and train accuracy (LM-BFF)."""
    n = _LIKELY.get(len(labels), _LIKELY_EACH)
    scores = likely_words(reading.labelled_log_probs, reading.gold, len(labels))
    likely = [reading.best_words(row, n) for row in scores]
    place = {word: i for i, word in enumerate(reading.vocabulary.words)}
    candidates = [[place[word] for word in words] for words in likely]
    best = assign(reading.labelled_log_probs, reading.gold, candidates, best=1, seed=seed)
    if not best:
        return None
    words = [[reading.vocabulary.words[column]] for column in best[0].columns]
    return found_words(reading, labels, "likelihood", words, calibration)


def found_words(
    reading: Reading, labels: Sequence[Label], method: str, words: Sequence[Sequence[str]], calibration: str
) -> Found:
    """Words of each label as a verbalizer, calibrated on all texts."""
    verbalizer = verbalizer_of(words, labels)
    sources = {
        word: RelatedWord(word, "found", float(rank), method)
        for each in words
        for rank, word in enumerate(each)
    }
    fitted = calibrated(calibration, reading.log_probs(verbalizer.words), verbalizer)
    return Found(method, verbalizer, fitted, sources=sources)
