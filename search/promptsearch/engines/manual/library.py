"""Reading the library of hand-written prompts: one TOML file a kind of task."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, Literal

from promptsearch.knowledge.lexicon import lexicon_file
from promptsearch.template import Template

Form = Literal["cloze", "prefix"]
FORMS: tuple[Form, ...] = ("cloze", "prefix")
Words = tuple[str, ...]

_RELATION = re.compile(r"(?<![A-Za-z0-9])P[0-9]+(?![A-Za-z0-9])")


@dataclass(frozen=True)
class LibraryTemplate:
    """A template with its key in the library and the groups of verbalizers that fit its wording."""

    key: str
    template: Template
    answers: tuple[str, ...]
    baseline: bool = False


@dataclass(frozen=True)
class WordSet:
    """Label words by role, with the group they belong to."""

    name: str
    group: str
    words: Mapping[str, Words]


@dataclass(frozen=True)
class Library:
    """Hand-written prompts for one kind of task.

    Attributes:
        fields, optional: fields that a task of this kind must have, and those that it may have.
        names: `roles` when labels are matched to the roles of this kind; `lexicon` when words come from
            the label's name and the lexicon; `verbatim` when the label itself is the answer.
        roles: role -> spellings of labels that have it, the role's own name first.
        numbered: roles of labels that are bare numbers, smallest first, one entry for each count of labels.
        relations: for facts, relation id -> its own templates.
    """

    kind: str
    fields: tuple[str, ...]
    optional: tuple[str, ...]
    names: Literal["roles", "lexicon", "verbatim"]
    roles: Mapping[str, Words]
    numbered: tuple[tuple[str, ...], ...]
    word_sets: tuple[WordSet, ...]
    templates: tuple[LibraryTemplate, ...]
    relations: Mapping[str, tuple[LibraryTemplate, ...]]

    def of_form(self, form: Form) -> tuple[LibraryTemplate, ...]:
        """Templates of one form, in the order of the file."""
        return tuple(entry for entry in self.templates if entry.template.form == form)

    def for_relation(self, relation: str | None) -> Library:
        """The same library with the templates of one relation, if it has any for it."""
        templates = self.relations.get(relation) if relation is not None else None
        return self if templates is None else replace(self, templates=templates)


def kinds() -> tuple[str, ...]:
    """Kinds of task that the library knows."""
    files = (entry.name for entry in _folder().iterdir())
    return tuple(sorted(name[:-5] for name in files if name.endswith(".toml")))


@cache
def load(kind: str) -> Library:
    """The library of one kind; `kind` is one of `kinds()`."""
    data = _read(kind)
    roles = {role: (role, *aliases) for role, aliases in data.get("roles", {}).items()}
    return Library(
        kind=data["kind"],
        fields=tuple(data["fields"]),
        optional=tuple(data.get("optional", ())),
        names=data.get("names", "roles"),
        roles=roles,
        numbered=tuple(tuple(entry) for entry in data.get("numbered", ())),
        word_sets=_word_sets(data.get("answers", {})),
        templates=tuple(_templates(data)),
        relations={key: tuple(_relation(key, entry)) for key, entry in data.get("relations", {}).items()},
    )


@cache
def lexicon() -> Mapping[str, tuple[Words, Words]]:
    """Common names of classes: name -> (spellings, label words, best first)."""
    topics = lexicon_file("topics").entries
    return {name: ((name, *entry.aliases), entry.main) for name, entry in topics.items()}


def relation_of(name: str, location: str = "") -> str | None:
    """The Wikidata relation (such as P36) in a task's name or in the place its data came from."""
    found = _RELATION.search(name) or _RELATION.search(location)
    return found.group() if found else None


def _folder() -> Any:
    return resources.files("promptsearch.engines.manual") / "library"


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_folder() / f"{name}.toml").read_text(encoding="utf-8"))


def _word_sets(groups: Mapping[str, Mapping[str, Mapping[str, str | Sequence[str]]]]) -> tuple[WordSet, ...]:
    return tuple(
        WordSet(name, group, {role: _words(words) for role, words in by_role.items()})
        for group, sets in groups.items()
        for name, by_role in sets.items()
    )


def _words(words: str | Sequence[str]) -> Words:
    return (words,) if isinstance(words, str) else tuple(words)


def _templates(data: Mapping[str, Any]) -> list[LibraryTemplate]:
    return [
        LibraryTemplate(
            f"{form}/{key}",
            Template.parse(entry["text"]),
            tuple(entry.get("answers", ("name",))),
            entry.get("baseline", False),
        )
        for form in FORMS
        for key, entry in data.get(form, {}).items()
    ]


def _relation(relation: str, entry: Mapping[str, Sequence[str]]) -> list[LibraryTemplate]:
    return [
        LibraryTemplate(f"{relation}/{form}/{i}", Template.parse(source), ("name",), i == 0)
        for form in FORMS
        for i, source in enumerate(entry[form])
    ]
