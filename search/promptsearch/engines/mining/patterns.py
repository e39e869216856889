"""From counted middles to patterns: with a window around, simplified, near-duplicates merged."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import product

from promptsearch.engines.mining.counts import Key, Pair, Place
from promptsearch.engines.mining.dates import without_dates, without_month
from promptsearch.engines.mining.paths import is_path
from promptsearch.engines.mining.stopwords import STOP_WORDS, is_empty
from promptsearch.engines.mining.words import Words

_BRACKETS = re.compile(r"\s*\([^()]*\)|\s*\[[^\[\]]*\]")
_NUMBER = re.compile(r"(?:\b(?:in|since)\s+(?=\d{4}\b))?\b\d[\d.,/–-]*(?:st|nd|rd|th|s)?\b,?\s*")
_CLAUSE_ENDS = frozenset('.,;:!?()[]"“”„«»—–')
_FORMS_OF_BE = frozenset(("is", "was", "are", "were"))
# Of the pairs of a phrase, the share that may have one and the same word before it.
_ALIKE = 0.8
_ARTICLES = frozenset(("a", "an", "the"))


@dataclass(frozen=True)
class Pattern:
    """Text around two names: `left` x `middle` y `right`, or with y first where `order` is 1."""

    order: int
    left: str
    middle: str
    right: str

    @property
    def length(self) -> int:
        """Characters, of all three parts."""
        return len(self.left) + len(self.middle) + len(self.right)


@dataclass(frozen=True)
class Supported:
    """A pattern with the pairs that stand in it.

    Attributes:
        pairs: pair -> the first place it was seen at.
        others: pairs that are not of the relation but stand around the same middle: those of other
            relations, and names that belong to other pairs.
        merged: the wordings that differ too little from this one to be patterns of their own.
    """

    pattern: Pattern
    pairs: Mapping[Pair, Place]
    others: frozenset[Pair]
    merged: tuple[Pattern, ...] = ()


Seen = dict[Pattern, dict[Pair, Place]]


def patterns_of(
    seen: Mapping[Key, Mapping[Pair, Place]],
    group: int,
    words: Words,
    window: tuple[int, int],
    least: int,
    away: Sequence[int] = (),
    paths: tuple[Seen, Seen] = ({}, {}),
) -> list[Supported]:
    """All patterns of a relation that at least `least` distinct pairs stand in.

    Left out are those of stop words, numbers and punctuation marks alone. A pattern with words around it
    must hold for at least a tenth of the pairs that stand around its middle. Of a pair only its first place
    is known, so that the support of words around is a lower bound: a pair which stands between them later,
    but not first, is not counted. To count them as middles are, each middle would need as many keys as it
    has windows, up to six by default, and memory for their places.

    Args:
        group: number of the relation.
        window: how many words to the left and to the right may belong to a pattern.
        away: numbers of other relations, whose pairs tell how specific a pattern is.
        paths: patterns of dependency paths, of the relation and of other pairs.
    """
    bare = _bare(seen, {group})
    others = _bare(seen, {-1 - group, *away})
    found: Seen = {pattern: dict(places) for pattern, places in bare.items()}
    for pattern, places in _phrases(bare, max(2, least)).items():
        _add(found.setdefault(pattern, {}), places)
    for middle, places in bare.items():
        if len(places) >= least:
            needed = max(least, -(-len(places) // 10))
            wider = _widened(middle, places, words, window)
            found |= {pattern: some for pattern, some in wider.items() if len(some) >= needed}
            others |= _widened(middle, others.get(middle, {}), words, window)
    for pattern, by_word in _cut(others).items():
        for places in by_word.values():
            _add(others.setdefault(pattern, {}), places)
    for known, more in zip((found, others), paths):
        for pattern, places in more.items():
            _add(known.setdefault(pattern, {}), places)
    telling = {
        pattern: places for pattern, places in found.items() if not is_empty(_all_words(pattern, words))
    }
    return [supported for supported in _merged(telling, others, words) if len(supported.pairs) >= least]


def _bare(seen: Mapping[Key, Mapping[Pair, Place]], groups: Set[int]) -> Seen:
    """The middles of some groups, simplified."""
    found: Seen = {}
    for key, places in seen.items():
        if key.group in groups and not is_path(key.text):
            _add(found.setdefault(Pattern(key.order, "", simplified(key.text), ""), {}), places)
    return found


def _phrases(bare: Seen, least: int) -> Seen:
    """Shortened middles with at least `least` pairs, which are phrases by themselves.

    Where the words before vary, a phrase begins (accessor variety, Feng et al. 2004): "developed by" stands
    after many words, "up speaking" after "grew" alone.
    """
    found: Seen = {}
    for short, by_word in _cut(bare).items():
        places: dict[Pair, Place] = {}
        for some in by_word.values():
            _add(places, some)
        varied = len(by_word) > 1 and max(map(len, by_word.values())) <= _ALIKE * len(places)
        if len(places) >= least and (varied or short in bare):
            found[short] = places
    return found


def _cut(bare: Seen) -> dict[Pattern, dict[str, dict[Pair, Place]]]:
    """Shortened middles -> the word they were cut off at -> pairs."""
    found: dict[Pattern, dict[str, dict[Pair, Place]]] = defaultdict(lambda: defaultdict(dict))
    for pattern, places in bare.items():
        for text, beyond in shortened(pattern.middle, pattern.order):
            _add(found[Pattern(pattern.order, "", text, "")][beyond.lower()], places)
    return found


def simplified(middle: str) -> str:
    """A middle without what belongs to one pair alone: dates, numbers, and what stands in brackets."""
    text = _NUMBER.sub("", without_dates(_BRACKETS.sub("", middle))) if not middle.isalpha() else middle
    return _one_spaced(f"{' ' * middle[:1].isspace()}{text.strip()}{' ' * middle[-1:].isspace()}")


def shortened(middle: str, order: int, most: int = 3) -> list[tuple[str, str]]:
    """A long middle cut to the one to `most` words beside the answer, each with the word it was cut off at.

    `X is a 1981 arcade game made by Y` gives `X, made by Y` and `X is made by Y`, which then count for all
    the middles that end alike: the end of a dependency path, without a parser.
    """
    words = middle.split()
    found = []
    for n in range(1, min(most, len(words) - 1) + 1):
        kept = words[:n] if order == 1 else words[-n:]
        edge, beyond = (kept[-1], words[n]) if order == 1 else (kept[0], words[-n - 1])
        if not edge[0].isalpha() or is_empty(word.lower() for word in kept):
            continue
        text = " ".join(kept)
        if order == 1:
            if edge.lower() not in STOP_WORDS:
                found.append((f"{' ' * middle[:1].isspace()}{text} ", beyond))
            continue
        end = " " * middle[-1:].isspace()
        found.append((f", {text}{end}", beyond))
        if words[0] in _FORMS_OF_BE and n < len(words) - 1:
            found.append((f" {words[0]} {text}{end}", beyond))
    return found


def _one_spaced(text: str) -> str:
    """Each run of blanks as one space."""
    inner = " ".join(text.split())
    return f"{' ' * text[:1].isspace()}{inner}{' ' * (text[-1:].isspace() and bool(inner))}"


def _add(known: dict[Pair, Place], places: Mapping[Pair, Place]) -> None:
    for pair, place in places.items():
        if pair not in known or place < known[pair]:
            known[pair] = place


def _widened(bare: Pattern, places: Mapping[Pair, Place], words: Words, window: tuple[int, int]) -> Seen:
    """The pattern with the words that lead its clause in, and with words right behind it."""
    wider: Seen = defaultdict(dict)
    for pair, place in places.items():
        first, last = sorted((place.x, place.y))
        starts, ends = words.starts_and_ends(place.sentence)
        before = [start for start in starts if start < first[0]]
        after = len(starts) - sum(start >= last[1] for start in starts)
        left = _left(place.sentence, before, first[0], window[0])
        rights = _rights(place.sentence, starts[after:], ends[after:], last[1], window[1])
        for around in product(dict.fromkeys(("", left or "")), ("", *rights)):
            if any(around):
                wider[Pattern(bare.order, around[0], bare.middle, around[1])][pair] = place
    return dict(wider)


def _left(sentence: str, starts: list[int], end: int, most: int) -> str | None:
    """What leads a clause in to the name at `end`, if it is one to `most` words."""
    for number, start in enumerate(reversed(starts)):
        if sentence[start] in _CLAUSE_ENDS or sentence[start].isdigit():
            text = "" if number == 0 else sentence[starts[-number] : end]
            text = without_month(text) if sentence[start].isdigit() else text
            return _capital(text) if text else None
        if number == most:
            return None
    return _capital(sentence[starts[0] : end]) if starts else None


def _rights(sentence: str, starts: list[int], ends: list[int], begin: int, most: int) -> Iterable[str]:
    """Texts of one word, two words … behind a name, none of them a stop word, as far as its clause goes."""
    for start, end in list(zip(starts, ends))[:most]:
        word = sentence[start:end].lower()
        if is_empty([word]):
            return
        yield _one_spaced(sentence[begin:end])


def _capital(text: str) -> str:
    text = _one_spaced(text)
    return text[:1].upper() + text[1:]


def _all_words(pattern: Pattern, words: Words) -> list[str]:
    text = f"{pattern.left} {pattern.middle} {pattern.right}"
    return [word.lower() for word in words.of(text)]


def _merged(found: Mapping[Pattern, Mapping[Pair, Place]], others: Seen, words: Words) -> list[Supported]:
    """Patterns that differ in case, accents, articles or punctuation as one, in its commonest wording."""
    alike: dict[tuple[object, ...], list[Pattern]] = defaultdict(list)
    for pattern in found:
        alike[_core(pattern, words)].append(pattern)
    away: dict[tuple[object, ...], set[Pair]] = {core: set() for core in alike}
    for pattern, places in others.items():
        if (core := _core(pattern, words)) in away:
            away[core].update(places)
    merged = []
    for core, patterns in alike.items():
        patterns.sort(key=lambda p: (-len(found[p]), p.length, p.left, p.middle, p.right))
        pairs: dict[Pair, Place] = {}
        for pattern in patterns:
            _add(pairs, found[pattern])
        others_here = frozenset(away[core] - pairs.keys())
        merged.append(Supported(patterns[0], pairs, others_here, tuple(patterns[1:])))
    return merged


def _core(pattern: Pattern, words: Words) -> tuple[object, ...]:
    parts = (pattern.left, pattern.middle, pattern.right)
    return (
        pattern.order,
        *(
            tuple(w for w in map(str.lower, words.of(part)) if w[0].isalnum() and w not in _ARTICLES)
            for part in parts
        ),
        *(part.strip()[:1] == "'" for part in parts),
    )
