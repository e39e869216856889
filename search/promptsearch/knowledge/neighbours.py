"""The PLM itself as a knowledge base: words near a word in its own embeddings (NPPrompt)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from promptsearch.knowledge.base import RelatedWord, nearest_first

FloatArray = NDArray[np.float32]

# How many others tell how crowded the surroundings of a word are, and out of how many.
_CROWD, _SAMPLE = 10, 2000


class Neighbours:
    """Nearest words in the output embeddings of a PLM, by cosine (NPPrompt, Zhao et al. 2023).

    Embeddings are centred: what all words share says nothing. Frequent words lie near to everything; half
    of each word's mean similarity to its ten nearest in a sample is taken off, as cross-domain similarity
    local scaling does with all of it (Conneau et al. 2018).

    Args:
        words: text of each word.
        embeddings: (W, d), one row a word.
        most: how many words to give for a seed.
        seed: fixes the sample.
    """

    name = "neighbours"

    def __init__(self, words: Sequence[str], embeddings: FloatArray, most: int = 50, seed: int = 0) -> None:
        self.words = tuple(words)
        self.most = most
        self._row = {word.casefold(): i for i, word in reversed(list(enumerate(self.words)))}
        self._unit = unit_rows(embeddings)
        self._crowd = crowding(self._unit, seed)

    def expand(self, seeds: Sequence[str], context: Sequence[str] = ()) -> tuple[RelatedWord, ...]:
        """Nearest words of each seed, distance 1 - similarity; see `KnowledgeBase`."""
        found: list[RelatedWord] = []
        for seed in seeds:
            row = self._row.get(seed.casefold())
            if row is None:
                continue
            near = self.similarity(row)
            for i in np.argsort(-near, kind="stable")[: self.most + 1].tolist():
                if i != row:
                    found.append(
                        RelatedWord(self.words[i], "neighbour", float(1 - near[i]), self.name, seed=seed)
                    )
        return nearest_first(found, without=seeds)

    def similarity(self, row: int) -> FloatArray:
        """Similarity of every word to one, between -1 and 1: (W,)."""
        return np.clip(self._unit @ self._unit[row] - (self._crowd - self._crowd.mean()) / 2, -1, 1)


def unit_rows(embeddings: FloatArray) -> FloatArray:
    """Centred rows of length 1: (W, d)."""
    rows = embeddings - embeddings.mean(axis=0)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def crowding(unit: FloatArray, seed: int = 0) -> FloatArray:
    """Mean cosine of each word to its nearest words in a sample: (W,)."""
    chosen = np.sort(np.random.default_rng(seed).permutation(len(unit))[:_SAMPLE])
    sample, sampled = unit[chosen], np.isin(np.arange(len(unit)), chosen)
    most = min(_CROWD, len(sample) - 1)
    if most < 1:
        return np.zeros(len(unit), dtype=np.float32)
    blocks = []
    for start in range(0, len(unit), 2048):
        # One more than wanted: a word of the sample is its own nearest, for the others the farthest goes.
        near = np.partition(unit[start : start + 2048] @ sample.T, -(most + 1), axis=1)[:, -(most + 1) :]
        spare = np.where(sampled[start : start + 2048], near.max(axis=1), near.min(axis=1))
        blocks.append((near.sum(axis=1) - spare) / most)
    return np.concatenate(blocks).astype(np.float32)
