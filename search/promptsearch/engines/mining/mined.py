"""Mined templates: patterns with their support, ranked, as templates a PLM can be asked with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from promptsearch.engines.mining.counts import Counts, Pair, Place
from promptsearch.engines.mining.dependency import path_patterns
from promptsearch.engines.mining.patterns import Pattern, Supported, patterns_of
from promptsearch.engines.mining.turning import turned
from promptsearch.engines.mining.words import Words
from promptsearch.template import Field, Mask, Piece, Template, Text


@dataclass(frozen=True)
class Sighting:
    """A sentence that a template was found in.

    Attributes:
        source, line: which source of the corpus, and line or row there, from 1.
        x, y: first character and one past the last of the two sides.
        words: likewise, of the words that became the template.
    """

    source: str
    line: int
    sentence: str
    x: tuple[int, int]
    y: tuple[int, int]
    words: tuple[int, int]

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "sentence": self.sentence,
            "source": self.source,
            "line": self.line,
            "x": list(self.x),
            "y": list(self.y),
            "words": list(self.words),
        }


@dataclass(frozen=True)
class Mined:
    """A template found in text.

    Attributes:
        cloze: as a masked PLM reads it.
        prefix: as a PLM reads it that goes from left to right; None where the answer neither comes last nor
            can be put there, see `turned`.
        support: distinct pairs of the relation that stand in it.
        missed: pairs that each wording may lack, where counts had to be pruned; then the support is a lower
            bound.
        others: distinct pairs of the same sort of names, not of the relation, that stand in it.
        specificity: in (0, 1), see `specificity`.
        merged: wordings that were counted with this one.
    """

    cloze: Template
    prefix: Template | None
    support: int
    missed: int
    others: int
    specificity: float
    sightings: tuple[Sighting, ...] = ()
    merged: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """What templates are ranked by before a PLM has seen them."""
        return self.specificity * math.log2(1 + self.support)

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "template": str(self.cloze),
            "prefix": None if self.prefix is None else str(self.prefix),
            "support": self.support,
            "each_wording_may_lack": self.missed,
            "others": self.others,
            "specificity": round(self.specificity, 4),
            "examples": [sighting.record() for sighting in self.sightings],
            "merged": list(self.merged),
        }


def specificity(support: int, found: int, others: int, others_found: int) -> float:
    """How much a pattern tells of the relation: the chance that a pair which stands in it is of the relation.

    It is taken as if pairs of the relation and others were equally many in the text:
    p / (p + q) with p = support / found and q = (others + 1/2) / (others_found + 1), so that a pattern which
    pairs of the relation and other pairs stand in equally often has about 1/2. Here q is smoothed (Jeffreys'
    prior) and p is not: where few other pairs were met, q is near 1/2 for want of evidence, and what few
    pairs of the relation stand in reads as unspecific.

    Args:
        found, others_found: distinct pairs of either sort that were found near each other at all.
    """
    p = support / found
    q = (others + 0.5) / (others_found + 1)
    return p / (p + q)


def top(
    counts: Counts,
    group: int,
    words: Words,
    *,
    fields: tuple[str, str] = ("subject", "object"),
    sources: Sequence[str] = (),
    window: tuple[int, int] = (4, 2),
    least: int = 2,
    most: int | None = None,
    examples: int = 3,
    others: Sequence[int] = (),
) -> list[Mined]:
    """The best templates of a relation, best first.

    Args:
        group: number of the relation.
        fields: names of the fields that the two sides are in a template; the second is the answer.
        sources: names of the corpus's sources.
        window: words to the left and to the right that may belong to a template.
        least: distinct pairs that a template must be found with.
        most: number of templates.
        examples: sentences to show for each.
        others: numbers of other relations, beside which a template is specific or not.
    """
    found = {pair for key, places in counts.seen.items() if key.group == group for pair in places}
    elsewhere = {-1 - group, *others}
    away = {p for key, places in counts.seen.items() if key.group in elsewhere for p in places} - found
    mined = []
    paths = path_patterns(counts.seen, {group}), path_patterns(counts.seen, elsewhere)
    for supported in patterns_of(counts.seen, group, words, window, least, others, paths):
        cloze, prefix = templates_of(supported.pattern, fields[0])
        mined.append(
            Mined(
                cloze,
                prefix,
                len(supported.pairs),
                counts.missed,
                len(supported.others),
                specificity(len(supported.pairs), len(found), len(supported.others), len(away)),
                _sightings(supported, counts, sources, examples),
                tuple(str(templates_of(pattern, fields[0])[0]) for pattern in supported.merged),
            )
        )
    mined.sort(key=lambda m: (-m.score, -m.support, str(m.cloze)))
    return mined[:most]


def templates_of(pattern: Pattern, subject: str) -> tuple[Template, Template | None]:
    """The pattern as a cloze template, and as a prefix template where the answer can come last."""
    x: Piece = Field(subject)
    y: Piece = Mask()
    first, second = (x, y) if pattern.order == 0 else (y, x)
    # A PLM in two directions expects a sentence to end.
    end = "" if pattern.right.rstrip()[-1:] in (".", "!", "?") else "."
    cloze = Template((Text(pattern.left), first, Text(pattern.middle), second, Text(pattern.right + end)))
    if pattern.right:
        return cloze, None
    if pattern.order == 0:
        return cloze, Template((Text(pattern.left), x, Text(pattern.middle), y))
    around = None if pattern.left else turned(pattern.middle)
    return cloze, around and Template((Text(around[0]), x, Text(around[1]), y))


def _sightings(
    supported: Supported, counts: Counts, sources: Sequence[str], most: int
) -> tuple[Sighting, ...]:
    chosen: list[tuple[Pair, Place]] = sorted(supported.pairs.items(), key=lambda item: item[1])
    return tuple(
        Sighting(
            sources[place.source] if place.source < len(sources) else str(place.source),
            counts.line_of(place),
            place.sentence,
            place.x,
            place.y,
            (min(place.x[1], place.y[1]), max(place.x[0], place.y[0])),
        )
        for _, place in chosen[:most]
    )
