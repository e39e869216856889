"""WordNet as a knowledge base: the words around the senses of a label's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from promptsearch.errors import OptionError, near_matches
from promptsearch.knowledge.base import RelatedWord, nearest_first
from promptsearch.knowledge.wordnet.files import find_folder
from promptsearch.knowledge.wordnet.morphology import heads
from promptsearch.knowledge.wordnet.reader import Reader, Synset
from promptsearch.knowledge.wordnet.senses import Sense, choose_senses

# Relation -> the pointer symbols it follows. Words of the same synset are `synonym`.
RELATIONS: Mapping[str, tuple[str, ...]] = {
    "synonym": (),
    "derived": ("+",),
    "similar": ("&",),
    "hyponym": ("~",),
    "topic": ("-c",),
    "instance": ("~i",),
    "also": ("^",),
    "hypernym": ("@", "@i"),
    "part": ("%p", "%m", "%s"),
    "pertains": ("\\",),
}
DEFAULT_RELATIONS = ("synonym", "derived", "similar", "hyponym", "topic")
# Relations that can be followed again from where they lead; the others are taken from the sense itself.
_CHAINED = frozenset(("similar", "hyponym", "hypernym", "part"))
DEFAULT_DEPTH = 2
_DEPTHS = range(1, 6)


class WordNet:
    """Words related to seed words through WordNet.

    Each seed is looked up as it stands, several words as one collocation, then its head ("cheap real
    estate": "real estate", then "estate"), in its base form. Senses are chosen by `choose_senses`, with the
    other seeds as part of the context.

    Distance counts steps: 1 for a word of the seed's synset (its own base form included: sport for sports),
    1 + k for a word of a synset (or, for
    derived forms, the word itself) k pointers away. A path follows one relation only, up to `depth` times
    where the relation can be repeated. Within one distance, relations come in the order in which they are
    given, and words in the order of WordNet. `weight` is how likely the sense is beside the likeliest one.
    Antonyms of the seed are left out, however they are reached.

    Args:
        folder: where WordNet's files are; found by itself when None (see `find_folder`).
        relations: names from `RELATIONS`. Instances are proper names (kinds of city: Paris), and are left
            out unless asked for.
        depth: how often a relation is repeated, 1 to 5.
        limit: keep so many words at most, the nearest.

    Raises:
        KnowledgeError: no WordNet is found, or (also in `expand`) a file is damaged.
        OptionError: an unknown relation, or a depth or limit out of range.
    """

    name = "wordnet"

    def __init__(
        self,
        folder: Path | str | None = None,
        *,
        relations: Sequence[str] = DEFAULT_RELATIONS,
        depth: int = DEFAULT_DEPTH,
        limit: int | None = None,
    ) -> None:
        _check(relations, depth, limit)
        self.relations = tuple(dict.fromkeys(relations))
        self.depth = depth
        self.limit = limit
        self.reader = Reader(find_folder(folder))

    def expand(self, seeds: Sequence[str], context: Sequence[str] = ()) -> tuple[RelatedWord, ...]:
        """Words related to the seeds, the nearest first; see `KnowledgeBase.expand`."""
        found: list[RelatedWord] = []
        without = list(seeds)
        for seed in dict.fromkeys(seeds):
            others = [other for other in seeds if other != seed]
            for sense in self.senses(seed, [*context, *others]):
                without += self._pointed_at(sense.synset, "!")
                found += self._around(seed, sense)
        return nearest_first(found, without)[: self.limit]

    def senses(self, seed: str, context: Sequence[str] = ()) -> tuple[Sense, ...]:
        """The senses in which a seed, or its head, is taken; none where WordNet does not know it."""
        for phrase in (seed, *heads(seed)):
            if chosen := choose_senses(self.reader, phrase, context):
                return chosen
        return ()

    def _around(self, seed: str, sense: Sense) -> Iterator[RelatedWord]:
        for relation in self.relations:
            if relation == "synonym":
                reached: Iterable[tuple[str, int]] = ((word, 1) for word in sense.synset.words)
            elif relation == "derived":
                reached = ((word, 2) for word in self._pointed_at(sense.synset, "+"))
            else:
                depth = self.depth if relation in _CHAINED else 1
                reached = self._reached(sense.synset, RELATIONS[relation], depth)
            for word, distance in reached:
                yield RelatedWord(word, relation, distance, self.name, sense.weight, seed)

    def _reached(self, start: Synset, symbols: Sequence[str], depth: int) -> Iterator[tuple[str, int]]:
        """Words of the synsets up to `depth` pointers away, with their distance, the nearest first."""
        seen = {(start.pos, start.offset)}
        frontier = [start]
        for step in range(1, depth + 1):
            following: list[Synset] = []
            for pointer in (p for synset in frontier for p in synset.pointers if p.symbol in symbols):
                if (pointer.pos, pointer.offset) not in seen:
                    seen.add((pointer.pos, pointer.offset))
                    following.append(self.reader.synset(pointer.pos, pointer.offset))
            for synset in following:
                yield from ((word, 1 + step) for word in synset.words)
            frontier = following

    def _pointed_at(self, synset: Synset, symbol: str) -> Iterator[str]:
        """The words that pointers between words lead to; all words where the whole synset is meant."""
        for pointer in synset.pointers:
            if pointer.symbol == symbol:
                words = self.reader.synset(pointer.pos, pointer.offset).words
                yield from words[pointer.target - 1 : pointer.target] if pointer.target else words


def _check(relations: Sequence[str], depth: int, limit: int | None) -> None:
    for relation in relations:
        if relation not in RELATIONS:
            near = near_matches(relation, RELATIONS, most=1)
            raise OptionError(
                f"WordNet has no relation {relation!r}",
                hint=(f"Did you mean {near[0]}? " if near else "") + f"Relations: {', '.join(RELATIONS)}.",
            )
    if depth not in _DEPTHS:
        raise OptionError(f"the depth must be {_DEPTHS[0]} to {_DEPTHS[-1]}, not {depth}")
    if limit is not None and limit < 1:
        raise OptionError(f"the limit must be at least 1, not {limit}")
