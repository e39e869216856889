"""The bundled lexicon as a knowledge base: words for common labels, with nothing to fetch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from promptsearch.knowledge.base import RelatedWord, nearest_first
from promptsearch.knowledge.lexicon.entries import FILES, LexiconEntry, lexicon_file
from promptsearch.knowledge.roles import normal_name
from promptsearch.verbalizer import Label

RANK_STEP = 0.001  # distance from one listed word to the next

_SEPARATORS = re.compile(r"[/,;|&+]|(?<![^\W_])(?:and|or)(?![^\W_])", re.IGNORECASE)
_FUNCTION_WORDS = frozenset({"a", "an", "the", "of", "in", "on", "at", "to", "for", "by", "from", "with"})
_NEGATIONS = frozenset(["not", "non", "no", "un", "anti", "without"])


@dataclass(frozen=True)
class Lexicon:
    """Words of the labels that the bundled lexicon knows.

    Args:
        first: the file that decides where it knows a label, one of `FILES`. `neutral` is a mood beside
            `positive`, but uncertainty beside `contradiction`: `for_labels` finds the file that fits.
    """

    first: str | None = None
    name: str = "lexicon"

    @classmethod
    def for_labels(cls, label_names: Sequence[Label]) -> Lexicon:
        """The lexicon that looks first into the file that knows most of these labels."""

        def known(name: str) -> tuple[int, int]:
            file = lexicon_file(name)
            return (
                sum(file.find(label) is not None for label in label_names),
                sum(file.named(label) is not None for label in label_names),
            )

        best = max(FILES, key=known)
        return cls(best if known(best)[0] else None)

    def entry_for(self, name: Label) -> LexiconEntry | None:
        """The entry with this name or alias, however it is spelt: `Sci/Tech`, `sci_tech`, `__label__pos`.

        A name goes before an alias, save in the file looked up first.
        """
        if self.first and (entry := lexicon_file(self.first).find(name)):
            return entry
        files = [lexicon_file(file) for file in FILES]
        entries = (*(file.named(name) for file in files), *(file.find(name) for file in files))
        return next((entry for entry in entries if entry is not None), None)

    def seeds_of(self, label_name: Label) -> tuple[str, ...]:
        """Words from which knowledge bases start for a label.

        A known label gives its entry's seeds or the parts of its name (`Sci/Tech`: science, technology;
        `pos`: positive), any other the parts of its own name (see `name_parts`).
        """
        entry = self.entry_for(label_name)
        return name_parts(label_name) if entry is None else _seeds(entry)

    def expand(self, seeds: Sequence[str], context: Sequence[str] = ()) -> tuple[RelatedWord, ...]:
        """Words of the label that the seeds stand for together, else of each label that one of them names.

        The distance of the best word is 1 and grows by `RANK_STEP` a word; `context` is not needed.
        """
        whole = self._whole(tuple(seeds))
        if whole is not None:
            found = [(seeds[0] if len(seeds) == 1 else whole.name, whole)]
        else:
            found = [(seed, entry) for seed in seeds if (entry := self.entry_for(seed))]
        related = [
            RelatedWord(word, "listed", 1 + rank * RANK_STEP, self.name, seed=seed)
            for seed, entry in found
            for rank, word in enumerate(entry.words)
        ]
        return nearest_first(related, without=seeds)

    def _whole(self, seeds: tuple[str, ...]) -> LexiconEntry | None:
        """The entry that all the seeds together name."""
        if not seeds:
            return None
        named = self.entry_for(" and ".join(seeds)) or self.entry_for(" ".join(seeds))
        entries = (entry for file in FILES for entry in lexicon_file(file).entries.values())
        return named or next((entry for entry in entries if entry.seeds == seeds), None)


def seeds_of(label_name: Label) -> tuple[str, ...]:
    """`Lexicon().seeds_of`: for a label whose fellow labels are not known."""
    return Lexicon().seeds_of(label_name)


def name_parts(label_name: Label) -> tuple[str, ...]:
    """The words in a label's name, in lower case.

    `Food & Wine`, `food/wine`, `wine_and_food` are parted where they list things. A part of several words,
    `natural_disaster` or `NaturalDisaster`, gives the whole and its words; but `not_funny` only the whole,
    since its words say the opposite. What has no letters gives nothing.
    """
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(label_name))
    parts = [normal_name(part) for part in _SEPARATORS.split(text) if part.strip()]
    seeds: list[str] = []
    for part in parts:
        seeds.append(part)
        words = part.split()
        if len(words) > 1 and words[0] not in _NEGATIONS:
            seeds += [word for word in words if word not in _FUNCTION_WORDS]
    return tuple(dict.fromkeys(seed for seed in seeds if any(c.isalpha() for c in seed)))


def _seeds(entry: LexiconEntry) -> tuple[str, ...]:
    """The entry's own seeds, or the parts of its name."""
    return entry.seeds or tuple(re.split(r" and | or ", entry.name))
