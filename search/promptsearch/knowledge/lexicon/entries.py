"""Reading the lexicon: one TOML file a set of labels."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from promptsearch.knowledge.roles import normal_name
from promptsearch.verbalizer import Label

FILES = (
    "topics", "sentiment", "sentiment-fine", "entailment", "question-types", "subjectivity", "acceptability",
    "paraphrase", "boolean",
)  # fmt: skip


@dataclass(frozen=True)
class LexiconEntry:
    """A label that the lexicon knows.

    Attributes:
        file: the set of labels it belongs to, one of `FILES`.
        aliases: other spellings of its name.
        main: the leading words, which a hand-written verbalizer uses.
        words: all words that can stand for the label, `main` first, best first.
        seeds: words from which knowledge bases start, where they are not the parts of the name.
    """

    file: str
    name: str
    aliases: tuple[str, ...]
    main: tuple[str, ...]
    words: tuple[str, ...]
    seeds: tuple[str, ...] = ()


class LexiconFile:
    """The labels of one file, in its order, found by name or alias whatever the spelling."""

    def __init__(self, name: str, entries: Mapping[str, LexiconEntry]) -> None:
        self.name = name
        self.entries = entries
        self._by_name = {normal_name(entry.name): entry for entry in entries.values()}
        self._by_alias = {normal_name(a): entry for entry in entries.values() for a in entry.aliases}

    def named(self, label: Label) -> LexiconEntry | None:
        """The entry whose own name this is."""
        return self._by_name.get(normal_name(label))

    def find(self, label: Label) -> LexiconEntry | None:
        """The entry whose name or alias this is."""
        return self.named(label) or self._by_alias.get(normal_name(label))


@cache
def lexicon_file(name: str) -> LexiconFile:
    """One file of the lexicon; `name` is one of `FILES`."""
    path = resources.files("promptsearch.knowledge.lexicon") / f"{name}.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return LexiconFile(name, {label: _entry(name, label, table) for label, table in data.items()})


def _entry(file: str, label: str, table: Mapping[str, str]) -> LexiconEntry:
    main, more = _words(table["main"]), _words(table.get("more", ""))
    if "more_from" in table:
        more += lexicon_file(table["more_from"]).entries[label].words
    return LexiconEntry(
        file,
        label,
        aliases=_words(table.get("aliases", "")),
        main=main,
        words=main + tuple(word for word in more if word not in main),
        seeds=_words(table.get("seeds", "")),
    )


def _words(listed: str) -> tuple[str, ...]:
    """Words parted by commas, over as many lines as need be."""
    return tuple(" ".join(word.split()) for word in listed.split(",")) if listed.strip() else ()
