"""Words related to a label's name through ConceptNet (Speer, Chin & Havasi 2017)."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from promptsearch.errors import OptionError
from promptsearch.knowledge.base import RelatedWord, nearest_first
from promptsearch.knowledge.conceptnet.assertions import Progress, surface
from promptsearch.knowledge.conceptnet.index import DamagedIndexError, Link
from promptsearch.knowledge.conceptnet.locate import open_index, rebuilt
from promptsearch.knowledge.conceptnet.relations import checked_factors, direction

_log = logging.getLogger(__name__)

DUMP_MIN_WEIGHT = 1.0
"""What a statement of one source weighs in the dump; below it stand guesses of games and of programs."""


@dataclass
class _Found:
    """A word of one step: its surest link so far and the number of links that lead to it."""

    related: RelatedWord
    links: int = 1


class ConceptNet:
    """The knowledge base of assertions between words, `KnowledgeBase` by the name of `conceptnet`.

    The first use of a file reads it whole into an index in the cache (minutes for the published dump); later
    uses open the index.

    Args:
        path: the published dump or a file of one's own; None takes what `PROMPTSEARCH_CONCEPTNET` names,
            else the index made last.
        relations: the relations to follow, each with the factor that its weights are multiplied by; the
            default and the reasons for it: `relations.DEFAULT_FACTORS`.
        min_weight: assertions of less weight are left out, before the factor; by default 1 in the published
            dump, whose weights lie between 0.1 and 23, most of them at 1, and 0 in a file of one's own.
        language: as ConceptNet writes it: `en`, `de`, `zh`.
        depth: steps to go at most.
        breadth: how many words of each step, the surest ones, the next step sets out from.
        progress: called with bytes read and bytes in all while an index is made.

    Attributes:
        notes: what was met in the file that a user must know: its name and size, lines that were passed over.

    Raises:
        KnowledgeError: no file and no index is at hand, or the file is unfit.
        OptionError: relations, weight, depth or breadth that cannot be used.
        StorageError: the index cannot be written.
    """

    name = "conceptnet"

    def __init__(
        self,
        path: str | Path | None = None,
        relations: Mapping[str, float] | None = None,
        min_weight: float | None = None,
        language: str = "en",
        *,
        depth: int = 1,
        breadth: int = 100,
        progress: Progress | None = None,
    ) -> None:
        _check_numbers(min_weight, depth, breadth)
        self._depth, self._breadth, self._progress = depth, breadth, progress
        self._index = open_index(
            None if path is None else Path(path).expanduser(), _checked(language), progress
        )
        about = self._index.about
        self._min_weight = (
            (DUMP_MIN_WEIGHT if about["form"] == "dump" else 0.0) if min_weight is None else min_weight
        )
        self.notes = _notes(about)
        for note in self.notes[1:]:
            _log.warning("%s", note)
        try:
            self._factors = checked_factors(relations, self._index.relations)
        except OptionError:
            self.close()
            raise

    def expand(self, seeds: Sequence[str], context: Sequence[str] = ()) -> tuple[RelatedWord, ...]:
        """Words related to the seeds, the nearest first; among the equally near, the surest first.

        A word's weight is the assertion's weight times the relation's factor, that of the weakest step on a
        path of several, and the greatest of all paths of the fewest steps. Equal weights: words to which more
        links lead come first, then in alphabetical order. The relation is that of the last step.

        Args:
            context: not looked at, ConceptNet's words being without senses.
        """
        start = {
            surface(seed).casefold(): RelatedWord(seed, "name", 0, self.name, math.inf, seed)
            for seed in seeds
        }
        reached, found = set(start), list[RelatedWord]()
        frontier = list(start.values())
        for distance in range(1, self._depth + 1):
            step = self._step(frontier, reached, distance)
            reached.update(step)
            ranked = sorted(step.values(), key=lambda f: (-f.related.weight, -f.links, f.related.word))
            found += [one.related for one in ranked]
            frontier = [one.related for one in ranked[: self._breadth]]
        return nearest_first(found, without=seeds)

    def close(self) -> None:
        """Let go of the index file."""
        self._index.close()

    def _step(self, frontier: Sequence[RelatedWord], reached: set[str], distance: int) -> dict[str, _Found]:
        """New words one step from the frontier, by their case-folded spelling."""
        step: dict[str, _Found] = {}
        for origin in frontier:
            for link in self._followed(surface(origin.word)):
                key = link.word.casefold()
                if key in reached:
                    continue
                weight = min(origin.weight, link.weight * self._factors[link.relation])
                related = RelatedWord(link.word, link.relation, distance, self.name, weight, origin.seed)
                if (known := step.get(key)) is None:
                    step[key] = _Found(related)
                    continue
                known.links += 1
                if related.weight > known.related.weight:
                    known.related = related
        return step

    def _followed(self, word: str) -> list[Link]:
        """Links of the word along the chosen relations, in their directions, of enough weight."""
        try:
            links = self._index.links(word)
        except DamagedIndexError:
            self._index = rebuilt(self._index, self._progress)
            links = self._index.links(word)
        return [link for link in links if link.weight >= self._min_weight and self._leads(link)]

    def _leads(self, link: Link) -> bool:
        side = direction(link.relation)
        return link.relation in self._factors and side in (
            "both",
            "incoming" if link.incoming else "outgoing",
        )


def _notes(about: Mapping[str, str]) -> tuple[str, ...]:
    source = Path(about["source"]).name
    notes = [f"{source}: {int(about['assertions']):,} assertions of the language {about['language']!r}"]
    if malformed := int(about["malformed"]):
        lines = about["first_malformed"] + (
            ", …" if malformed > about["first_malformed"].count(",") + 1 else ""
        )
        notes.append(
            f"{source}: {malformed:,} of {int(about['lines']):,} lines are no assertions (line {lines})"
        )
    if undecodable := int(about["undecodable"]):
        notes.append(f"{source}: {undecodable:,} lines hold bytes that are not UTF-8, read as U+FFFD")
    return tuple(notes)


def _check_numbers(min_weight: float | None, depth: int, breadth: int) -> None:
    if min_weight is not None and not (math.isfinite(min_weight) and min_weight >= 0):
        raise OptionError(f"the least weight is {min_weight}, not a number from 0 up", where="min_weight")
    for name, value in (("depth", depth), ("breadth", breadth)):
        if value < 1:
            raise OptionError(f"the {name} is {value}, less than 1", where=name)


def _checked(language: str) -> str:
    """The language in ConceptNet's spelling; it becomes part of a file name."""
    if not (language.isascii() and language.replace("_", "").replace("-", "").isalnum()):
        raise OptionError(
            f"{language!r} is no language", where="language", hint="As ConceptNet writes it: en, de."
        )
    return language
