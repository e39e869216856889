"""Several knowledge bases asked together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from promptsearch.knowledge.base import KnowledgeBase, RelatedWord, nearest_first


@dataclass(frozen=True)
class Merged:
    """What several knowledge bases gave for seeds.

    Attributes:
        words: each word once, as the first knowledge base that has it gives it.
        sources: case-folded word -> the knowledge bases that have it, in their order.
        unknown: seeds for which none gave anything.
    """

    words: tuple[RelatedWord, ...]
    sources: Mapping[str, tuple[str, ...]]
    unknown: tuple[str, ...]


def expand_together(
    seeds: Sequence[str], bases: Sequence[KnowledgeBase], context: Sequence[str] = ()
) -> Merged:
    """Words of all knowledge bases: the nearest of each in turn, then the second nearest of each, …

    Distances of two knowledge bases cannot be compared: one counts steps, another measures angles. Each seed
    is asked for by itself, with the others as part of the context.
    """
    by_base: list[list[RelatedWord]] = [[] for _ in bases]
    known: set[str] = set()
    for seed in seeds:
        around = [*context, *(other for other in seeds if other != seed)]
        for base, words in zip(bases, by_base):
            if given := base.expand([seed], around):
                words += given
                known.add(seed)
    ranked = [nearest_first(words, without=seeds) for words in by_base]
    words: dict[str, RelatedWord] = {}
    for related in (one for row in zip_longest(*ranked) for one in row if one is not None):
        words.setdefault(related.word.casefold(), related)
    having = [{related.word.casefold() for related in words} for words in ranked]
    sources = {
        word: tuple(dict.fromkeys(base.name for base, theirs in zip(bases, having) if word in theirs))
        for word in words
    }
    unknown = tuple(seed for seed in seeds if seed not in known)
    return Merged(tuple(words.values()), sources, unknown)
