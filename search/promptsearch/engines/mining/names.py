"""Finding names in sentences: whole words, the longest name first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

Found = tuple[int, int, int]
"""First word, one past the last word, number of the name."""


class NameFinder:
    """Finds which of many names occur in a sentence.

    A name of several words is entered under its rarest two neighbouring words (those fewest names have), so
    a sentence is looked up twice a word, whatever the number of names, and names that begin with `The` or
    end in `University` cost no more.

    Args:
        names: (m,) folded words of each name, all different, each with a letter or digit.
    """

    def __init__(self, names: Sequence[tuple[str, ...]]) -> None:
        common = Counter(pair for name in names for pair in set(pairwise(name)))
        self._words: dict[str, int] = {}
        self._pairs: dict[tuple[str, str], dict[tuple[int, int], dict[tuple[str, ...], int]]] = {}
        for number, name in enumerate(names):
            if len(name) == 1:
                self._words[name[0]] = number
            else:
                at, pair = min(enumerate(pairwise(name)), key=lambda entry: common[entry[1]])
                self._pairs.setdefault(pair, {}).setdefault((at, len(name)), {})[name] = number

    @property
    def marks(self) -> frozenset[str]:
        """One word of each name; a sentence that has none of them has none of the names."""
        longer = {name for places in self._pairs.values() for names in places.values() for name in names}
        common = Counter(word for name in longer for word in set(name))
        rarest = (
            min((w for w in name if any(map(str.isalnum, w))), key=lambda w: (common[w], w))
            for name in longer
        )
        return frozenset((*self._words, *rarest))

    def find(self, words: Sequence[str]) -> list[Found]:
        """Names in a sentence from left to right; where names overlap the longest wins, then the first."""
        singles, pairs = self._words, self._pairs
        found = [(i, i + 1, singles[word]) for i, word in enumerate(words) if word in singles]
        if longer := [(i, pair) for i, pair in enumerate(pairwise(words)) if pair in pairs]:
            for i, pair in longer:
                for (at, length), names in pairs[pair].items():
                    start = i - at
                    number = names.get(tuple(words[start : start + length])) if start >= 0 else None
                    if number is not None:
                        found.append((start, start + length, number))
            found.sort()
            return _longest(found)
        return found


def _longest(found: list[Found]) -> list[Found]:
    if all(end <= start for (_, end, _), (start, _, _) in pairwise(found)):
        return found
    kept: list[Found] = []
    for name in sorted(found, key=lambda f: (f[0] - f[1], f[0])):
        if all(name[1] <= other[0] or other[1] <= name[0] for other in kept):
            kept.append(name)
    kept.sort()
    return kept
