"""What a knowledge base is: words that are related to a label's name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class RelatedWord:
    """A word that a knowledge base gives for a label.

    Attributes:
        word: as people write it, with blanks between the parts of a word of several.
        relation: how it is related: `name`, `synonym`, `hyponym`, `derived`, `RelatedTo`, `listed`, …
        distance: how far from the label's name, 0 for the name itself: steps through the knowledge base, or
            1 - cosine where nearness is measured.
        source: name of the knowledge base.
        weight: how sure the knowledge base is, 1 where it says nothing.
        seed: the word of the label that led to it.
    """

    word: str
    relation: str
    distance: float
    source: str
    weight: float = 1.0
    seed: str = ""


class KnowledgeBase(Protocol):
    """Gives words related to seed words."""

    @property
    def name(self) -> str:
        """What users call it, and what its words give as their source."""
        ...

    def expand(self, seeds: Sequence[str], context: Sequence[str] = ()) -> tuple[RelatedWord, ...]:
        """Words related to the seeds, the nearest first, each word once (whatever its case).

        The seeds themselves are not among them. Words unknown to the knowledge base give nothing.

        Args:
            seeds: the label's name, its parts or words for it, in lower case unless a proper name.
            context: texts that tell which sense is meant: the label's description, texts of the task.
        """
        ...


def nearest_first(words: Sequence[RelatedWord], without: Sequence[str] = ()) -> tuple[RelatedWord, ...]:
    """Words sorted by distance, then by weight; of several spellings that differ in case the first stays.

    Args:
        without: words to leave out, whatever their case.
    """
    seen = {word.casefold() for word in without}
    found: list[RelatedWord] = []
    for related in sorted(words, key=lambda r: (r.distance, -r.weight)):
        if related.word.casefold() not in seen:
            seen.add(related.word.casefold())
            found.append(related)
    return tuple(found)
