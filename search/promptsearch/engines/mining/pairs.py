"""Pairs to mine with: who stands in a relation to whom, under which names."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from promptsearch.engines.mining.words import Words, has_letters
from promptsearch.errors import DataError
from promptsearch.showing import count

if TYPE_CHECKING:
    from promptsearch.tasks.facts import Triple


@dataclass(frozen=True, slots=True)
class Fact:
    """A subject and an object, each with other names it goes by."""

    subject: str
    object: str
    subject_aliases: tuple[str, ...] = ()
    object_aliases: tuple[str, ...] = ()

    @classmethod
    def of(cls, triple: Triple) -> Fact:
        """A task's fact without its relation."""
        return cls(triple.subject, triple.object, triple.subject_aliases, triple.object_aliases)

    @property
    def subject_names(self) -> tuple[str, ...]:
        """The subject's names, its own first."""
        return (self.subject, *self.subject_aliases)

    @property
    def object_names(self) -> tuple[str, ...]:
        """The object's names, its own first."""
        return (self.object, *self.object_aliases)


@dataclass(frozen=True)
class Pairs:
    """The facts of several relations that can be mined, and what is wrong with the others.

    Attributes:
        relations: relation -> its facts, each once.
        notices: what was left out and why, and names that are found where they are not meant.
    """

    relations: dict[str, tuple[Fact, ...]]
    notices: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, relations: Iterable[tuple[str, Sequence[Fact]]], words: Words) -> Pairs:
        """Leave out facts that cannot be mined, and tell which and why.

        Left out are those with an empty side (or one without any letter or digit), those whose sides are the
        same name, and repeated ones. Names of one character are kept but told: such a name is found in
        places where something else is meant. One name inside the other is kept: in a sentence the longer
        one wins, so the pair counts only where both are there.
        """
        kept: dict[str, tuple[Fact, ...]] = {}
        reasons: Counter[str] = Counter()
        examples: dict[str, str] = {}
        for relation, facts in relations:
            chosen: dict[tuple[object, object], Fact] = {}
            for fact in facts:
                fault = _fault(fact, words)
                sides = words.key(fact.subject), words.key(fact.object)
                if fault is None and sides in chosen:
                    fault = "repeated"
                if fault is not None:
                    reasons[fault] += 1
                    examples.setdefault(fault, f"{fact.subject!r}, {fact.object!r}")
                    continue
                chosen[sides] = fact
            kept[relation] = tuple(chosen.values())
        notices = [f"{count(n, 'pair')} left out: {why}, as {examples[why]}." for why, n in reasons.items()]
        return cls(kept, (*notices, *_short_names(kept)))


def no_pairs(why: Sequence[str], where: str) -> DataError:
    """That no pair can be mined with, and why none can."""
    wanted = "A pair is two different names, each with a letter or digit."
    return DataError("no pair can be mined with", where=where, hint=" ".join((*why, wanted)))


def _fault(fact: Fact, words: Words) -> str | None:
    """Why a fact cannot be mined."""
    subject, object_ = words.key(fact.subject), words.key(fact.object)
    if not has_letters(subject) or not has_letters(object_):
        return "an empty side"
    if subject == object_:
        return "the same name on both sides"
    return None


def _short_names(relations: dict[str, tuple[Fact, ...]]) -> list[str]:
    names = {
        name: None
        for facts in relations.values()
        for fact in facts
        for name in (*fact.subject_names, *fact.object_names)
        if len(name.strip()) == 1 and not _is_ideograph(name.strip())
    }
    if not names:
        return []
    shown = ", ".join(map(repr, list(names)[:5]))
    return [
        f"{count(len(names), 'name')} of one character ({shown}): also found where something else is meant, "
        "so look at the example sentences."
    ]


def _is_ideograph(character: str) -> bool:
    return unicodedata.category(character) == "Lo" and ord(character) >= 0x2E80
