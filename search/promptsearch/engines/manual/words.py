"""Verbalizers for a task: the library's label words given to the task's own labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from promptsearch.engines.manual.library import Library, lexicon
from promptsearch.knowledge.roles import RoleMatch, match_roles, normal_name
from promptsearch.tasks.task import Task
from promptsearch.verbalizer import Verbalizer

Words = tuple[str, ...]
NAME_GROUP = "name"


@dataclass(frozen=True)
class NamedVerbalizer:
    """A verbalizer with its name and group in the library.

    Attributes:
        group: the group of templates it fits; None when it fits any.
        notes: what a reader of a candidate must know: labels without a role, labels taken by number.
    """

    name: str
    group: str | None
    verbalizer: Verbalizer
    notes: Mapping[str, object] = field(default_factory=dict)


def verbalizers_for(library: Library, task: Task) -> tuple[NamedVerbalizer, ...]:
    """All verbalizers of the library that fit the task's labels, in the order of the library.

    A label without a role answers with its own name; its name then stands in `notes["unmatched"]`. Labels
    that nothing else tells apart answer as they stand.
    """
    found: tuple[NamedVerbalizer, ...] = ()
    if library.names == "lexicon":
        found = _from_lexicon(task)
    elif library.names == "roles":
        found = _from_roles(library, task)
    as_they_stand = [(str(label).strip(),) for label in task.labels]
    group = NAME_GROUP if library.names != "roles" else None
    return found or (NamedVerbalizer("own", group, Verbalizer.of(as_they_stand, task.labels)),)


def _from_roles(library: Library, task: Task) -> tuple[NamedVerbalizer, ...]:
    """The library's sets of words for the roles that the labels have."""
    match = match_roles(task.labels, task.label_names, library.roles, library.numbered)
    own = own_names(task)
    notes = _notes(match, task)
    if not any(match.roles):
        return tuple(
            entry
            for words in (own, [_capital(words) for words in own])
            for entry in _named("own" if words is own else "Own", None, words, task, notes)
        )
    # The name of a label without a role is no other label's word.
    taken = {own[i][0] for i, role in enumerate(match.roles) if role is None}
    found: list[NamedVerbalizer] = []
    for entry in library.word_sets:
        if all(role is None or role in entry.words for role in match.roles):
            words = [
                own[i] if role is None else tuple(word for word in entry.words[role] if word not in taken)
                for i, role in enumerate(match.roles)
            ]
            found += _with_capitals(entry.name, entry.group, words, task, notes)
    return tuple(found)


def own_names(task: Task) -> list[Words]:
    """Each label's own name as an answer: in lower case with its words apart, or as it stands where two
    labels would then be the same."""
    plain = [normal_name(name) for name in task.label_names]
    if len(set(plain)) < len(plain):
        plain = [str(label).strip() for label in task.labels]
    return [(name,) for name in plain]


def _from_lexicon(task: Task) -> tuple[NamedVerbalizer, ...]:
    """Three verbalizers: each label's main word, its best synonym, and all its words."""
    topics = lexicon()
    match = match_roles(task.labels, task.label_names, {name: known for name, (known, _) in topics.items()})
    own = own_names(task)
    ranked = [_parts(own[i][0]) if role is None else topics[role][1] for i, role in enumerate(match.roles)]
    notes = _notes(match, task)
    # A label whose words all rank higher elsewhere answers with its own name.
    if robbed := [i for i, left in enumerate(unshared(ranked)) if not left]:
        ranked = [own[i] if i in robbed else words for i, words in enumerate(ranked)]
        notes["without_words"] = [str(task.label_names[i]) for i in robbed]
    ranked = distinct(ranked) or own
    sets = {
        "own": [words[:1] for words in ranked],
        "synonym": [words[1:2] or words[:1] for words in ranked],
        "several": ranked,
    }
    seen: list[list[Words]] = []
    found: list[NamedVerbalizer] = []
    for name, words in sets.items():
        if words not in seen:
            seen.append(words)
            found += _with_capitals(name, NAME_GROUP, words, task, notes)
    return tuple(found)


def distinct(ranked: Sequence[Sequence[str]]) -> list[Words] | None:
    """Words of each label without those of others, as `unshared`; None when a label would have none left."""
    kept = unshared(ranked)
    return kept if all(kept) else None


def unshared(ranked: Sequence[Sequence[str]]) -> list[Words]:
    """Leave each word to the one label that ranks it highest (the first of them, where equal).

    Args:
        ranked: words of each label, best first; case does not tell words apart.
    """
    owner: dict[str, tuple[int, int]] = {}
    for label, words in enumerate(ranked):
        for rank, word in enumerate(words):
            key = word.lower()
            owner[key] = min(owner.get(key, (rank, label)), (rank, label))
    return [tuple(w for w in words if owner[w.lower()][1] == label) for label, words in enumerate(ranked)]


def _parts(name: str) -> Words:
    """`food and drink` -> food, drink; any other name whole."""
    return tuple(part for part in re.split(r"\s+(?:and|or)\s+", name) if part) or (name,)


def _with_capitals(
    name: str, group: str, words: Sequence[Words], task: Task, notes: Mapping[str, object]
) -> Iterable[NamedVerbalizer]:
    yield from _named(name, group, words, task, notes)
    capital = [_capital(entry) for entry in words]
    if capital != list(words):
        yield from _named(_capital((name,))[0], _capital((group,))[0], capital, task, notes)


def _named(
    name: str, group: str | None, words: Sequence[Words], task: Task, notes: Mapping[str, object]
) -> tuple[NamedVerbalizer, ...]:
    """The verbalizer, or none when two labels would share all their words."""
    apart = distinct(words)
    if apart is None:
        return ()
    return (NamedVerbalizer(name, group, Verbalizer.of(apart, task.labels), notes),)


def _capital(words: Words) -> Words:
    return tuple(dict.fromkeys(word[:1].upper() + word[1:] for word in words))


def _notes(match: RoleMatch, task: Task) -> dict[str, object]:
    notes: dict[str, object] = {}
    if unmatched := match.unmatched([str(name) for name in task.label_names]):
        notes["unmatched"] = unmatched
    if match.by == "number":
        notes["labels_by"] = "number"
    return notes
