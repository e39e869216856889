"""Finding names in sentences: whole words, the longest name first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

Found = tuple[int, int, int]
"""First word, one past the last word, number of the name."""
_Around = tuple[int, int]
"""How many words of a name stand before its rarest two, and how many it has."""


class NameFinder:
    """Finds which of many names occur in a sentence.

    A name of several words is entered under its rarest two neighbouring words (those fewest names have), so
    a sentence is looked up twice a word, whatever the number of names, and names that begin with `The` or
    end in `University` cost no more. Under them only stands where such names begin and end; what they are
    is looked up among all names, since a collection for each pair of words would take most of the memory.

    Args:
        names: (m,) folded words of each name, all different, each with a letter or digit.
    """

    def __init__(self, names: Sequence[tuple[str, ...]]) -> None:
        common = Counter(pair for name in names for pair in set(pairwise(name)))
        self._words = {name[0]: number for number, name in enumerate(names) if len(name) == 1}
        self._longer = {name: number for number, name in enumerate(names) if len(name) > 1}
        self._around: dict[tuple[str, str], tuple[_Around, ...]] = {}
        once: dict[tuple[_Around, ...], tuple[_Around, ...]] = {}
        for name in self._longer:
            at, pair = min(enumerate(pairwise(name)), key=lambda entry: common[entry[1]])
            around = at, len(name)
            if around not in (known := self._around.get(pair, ())):
                more = (*known, around)
                self._around[pair] = once.setdefault(more, more)

    @property
    def marks(self) -> frozenset[str]:
        """One word of each name; a sentence that has none of them has none of the names."""
        common = Counter(word for name in self._longer for word in set(name))
        rarest = (
            min((w for w in name if any(map(str.isalnum, w))), key=lambda w: (common[w], w))
            for name in self._longer
        )
        return frozenset((*self._words, *rarest))

    def find(self, words: Sequence[str]) -> list[Found]:
        """Names in a sentence from left to right; where names overlap the longest wins, then the first."""
        singles, longer, around = self._words, self._longer, self._around
        found = [(i, i + 1, singles[word]) for i, word in enumerate(words) if word in singles]
        if pairs := [(i, pair) for i, pair in enumerate(pairwise(words)) if pair in around]:
            for i, pair in pairs:
                for at, length in around[pair]:
                    start, end = i - at, i - at + length
                    if start < 0 or end > len(words):
                        continue  # a slice that is cut off may be another name
                    number = longer.get(tuple(words[start:end]))
                    if number is not None:
                        found.append((start, end, number))
            found.sort()
            return _longest(found)
        return found


def _longest(found: list[Found]) -> list[Found]:
    """Those that stay; a name that was found by two pairs of its words stays once."""
    if all(end <= start for (_, end, _), (start, _, _) in pairwise(found)):
        return found
    kept: list[Found] = []
    for name in sorted(found, key=lambda f: (f[0] - f[1], f[0])):
        if all(name[1] <= other[0] or other[1] <= name[0] for other in kept):
            kept.append(name)
    kept.sort()
    return kept
