"""Which tokens may stand in a trigger.

The rules of AutoPrompt (Shin et al. 2020): no special tokens, none of the label words, and on demand no
tokens with capital letters, which are often names. What a token is, is seen from the text that the tokenizer
makes of it, never from the tokenizer's class.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.trigger.config import TriggerConfig
from promptsearch.tasks.task import Task
from promptsearch.verbalizer import Verbalizer

# A name shorter than this is no stem: `no` does not ban `note`.
_STEM = 4
# Endings that a word of the same name may have more: a plural, an adverb, …
_ENDING = 3
_PARTS = re.compile(r"[^\W\d_]+|\d+")
_PLACEHOLDER = re.compile(r"[\[<](?:unused|pad|extra_id|reserved)[^\]>]*[\]>]", re.IGNORECASE)


@dataclass(frozen=True)
class Banned:
    """Words that no trigger may hold, in lower case.

    Attributes:
        words: label words and the user's own.
        names: parts of the names of classes; words that differ from one in the ending are banned too.
    """

    words: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, task: Task, verbalizer: Verbalizer, config: TriggerConfig) -> Banned:
        """The words that give a class away."""
        own = frozenset(part for word in config.banned for part in _parts(word))
        if not config.ban_labels:
            return cls(own)
        words = frozenset(part for word in verbalizer.words for part in _parts(word))
        shown = (*task.label_names, *(label for label in task.labels if isinstance(label, str)))
        names = frozenset(part for name in shown for part in _parts(str(name)))
        return cls(own | words, names)

    def __bool__(self) -> bool:
        return bool(self.words or self.names)

    def holds(self, text: str) -> bool:
        """Whether a text has one of the words, in any case."""
        return any(part in self.words or self._names(part) for part in _parts(text))

    def _names(self, word: str) -> bool:
        return word in self.names or any(_same_stem(word, name) for name in self.names)

    def __str__(self) -> str:
        return ", ".join(sorted(self.words | self.names))


def allowed_tokens(
    texts: Sequence[str], special: Iterable[int], banned: Banned, config: TriggerConfig
) -> NDArray[np.bool_]:
    """(vocabulary,) whether each token may stand in a trigger.

    Args:
        texts: of each token where it follows a word, `PLM.vocabulary`.
        special: ids of special tokens.
    """
    allowed = np.array([_may_stand(text, banned, config) for text in texts], dtype=np.bool_)
    allowed[[i for i in special if i < len(allowed)]] = False
    return allowed


def _may_stand(text: str, banned: Banned, config: TriggerConfig) -> bool:
    word = text.strip()
    if not word or not word.isprintable() or "\N{REPLACEMENT CHARACTER}" in word:
        return False
    if _PLACEHOLDER.fullmatch(word) or banned.holds(word):
        return False
    if not config.capitals and word != word.lower():
        return False
    if not config.digits and any(character.isdigit() for character in word):
        return False
    return not config.words_only or word.isalpha()


def _parts(text: str) -> list[str]:
    """`Sci/Tech` -> sci, tech; a text without letters or digits is a part of its own."""
    shown = text.strip().lower()
    return _PARTS.findall(shown) or ([shown] if shown else [])


def _same_stem(word: str, name: str) -> bool:
    shorter, longer = sorted((word, name), key=len)
    return len(shorter) >= _STEM and len(longer) - len(shorter) <= _ENDING and longer.startswith(shorter)
