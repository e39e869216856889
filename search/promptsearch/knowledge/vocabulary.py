"""The words of a PLM's vocabulary: what may stand in an answer slot as one token.

Tokenizers are asked, not known: a token counts as a word if its text, put into the slot, is that token.
Whether such a text is a whole word or the beginning of longer ones (`disapp`) is asked of the PLM itself:
after a whole word it expects something else than a letter.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from promptsearch.errors import StorageError
from promptsearch.knowledge.neighbours import Neighbours
from promptsearch.paths import atomic_write, cache_dir
from promptsearch.plms.base import PLM, AnswerStates
from promptsearch.readings import summed_scores
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from promptsearch.verbalizer import spellings

_log = logging.getLogger(__name__)

# Stands before the word whose continuation is asked for, so that it is no start of a text.
_CARRIER = "the {text}{mask}"
# After a whole word nearly all probability is on what is no letter; after `disapp` nearly none. Measured on
# SmolLM2: 0.002 for `techn`, 0.02 for `disapp`, 0.3 for `Bob`, 0.8 for `movie`, 0.98 for `sports`.
_WHOLE = 0.1
_SAMPLED = 200
# Thai and Lao, Burmese, Khmer; ideographs, kana and what lies beyond.
_WITHOUT_BLANKS = (
    range(0x0E00, 0x0F00),
    range(0x1000, 0x10A0),
    range(0x1780, 0x1800),
    range(0x2E80, 0xAC00),
    range(0xF900, 0xFB00),
    range(0x20000, 0x32000),
)


@dataclass(frozen=True)
class WordFilter:
    """Which tokens may be label words.

    Attributes:
        whole: only whole words, no beginnings of longer ones.
        letters: only letters (of any script), with hyphens and apostrophes inside.
        shortest: least number of letters; a single ideograph is a word all the same.
    """

    whole: bool = True
    letters: bool = True
    shortest: int = 3

    def allows(self, text: str) -> bool:
        """Whether a text may be a label word, as far as its letters tell."""
        if not text or not text.isprintable() or any(char.isspace() for char in text):
            return False
        if self.letters and not (text[0].isalpha() and text.replace("-", "").replace("'", "").isalpha()):
            return False
        return len(text) >= self.shortest or any(ord(char) >= 0x2E80 for char in text)


@dataclass(frozen=True)
class Vocabulary:
    """Words that are one token in a template's slot; spellings that differ in case are one word.

    Attributes:
        words: as a label word is written, in lower case where the PLM has that.
        tokens: the ids of each word's spellings.
    """

    words: tuple[str, ...]
    tokens: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.words)

    def log_probs(self, plm: PLM, states: AnswerStates) -> NDArray[np.float32]:
        """Log-probability of each word, summed over its spellings: (n, len(self))."""
        return summed_scores(plm, states, self.tokens).astype(np.float32)

    def take(self, chosen: Sequence[int]) -> Vocabulary:
        """Some of the words."""
        return Vocabulary(tuple(self.words[i] for i in chosen), tuple(self.tokens[i] for i in chosen))


def vocabulary_of(plm: PLM, template: Template, allowed: WordFilter | None = None) -> Vocabulary:
    """Every word of the PLM that is one token in the template's slot, in the order of the vocabulary.

    Beginnings of longer words are still among them: see `WholeWords`. The list is kept in the cache.
    """
    rule = allowed or WordFilter()
    texts = plm.vocabulary()
    usable = [text for text in dict.fromkeys(text.strip() for text in texts) if rule.allows(text)]
    # Tokenizers that split a sample of the words alike in such a slot split the others alike as well.
    sample = plm.spelled_ids(template, usable[:: max(1, len(usable) // _SAMPLED)])
    key = hashlib.sha256(json.dumps([texts, asdict(rule), sample]).encode()).hexdigest()
    path = cache_dir() / "vocabulary" / f"words-{key[:32]}.json"
    known = _vocabulary(_read(path))
    if known is not None:
        return known
    found = _one_token_words(plm, template, usable)
    _keep(path, json.dumps([found.words, found.tokens], ensure_ascii=False))
    return found


def _one_token_words(plm: PLM, template: Template, usable: Sequence[str]) -> Vocabulary:
    by_word: dict[str, dict[str, int]] = {}
    for text, ids in zip(usable, plm.spelled_ids(template, usable)):
        if ids is not None and len(ids) == 1:
            by_word.setdefault(text.lower(), {})[text] = ids[0]
    words = [lower if lower in forms else next(iter(forms)) for lower, forms in by_word.items()]
    tokens = []
    for word, forms in zip(words, by_word.values()):
        # As `Verbalizer` reads it: `McDonald` has no spelling `Mcdonald`.
        tokens.append(tuple(dict.fromkeys(forms[form] for form in spellings(word) if form in forms)))
    return Vocabulary(tuple(words), tuple(tokens))


@dataclass(frozen=True)
class SlotWords:
    """The vocabulary in one sort of slot, and what follows from it.

    Attributes:
        vocabulary: words that are one token there.
        embeddings: (W, d) output embedding of each word's first spelling.
    """

    vocabulary: Vocabulary
    embeddings: NDArray[np.float32]

    @cached_property
    def neighbours(self) -> Neighbours:
        """The vocabulary as a knowledge base."""
        return Neighbours(self.vocabulary.words, self.embeddings)


class PLMWords:
    """What is worked out once for a PLM and serves for all templates.

    Args:
        allowed: which tokens may be label words.
    """

    def __init__(self, plm: PLM, allowed: WordFilter) -> None:
        self.plm = plm
        self.allowed = allowed
        self._known: list[tuple[Template, SlotWords]] = []

    def in_slot(self, template: Template) -> SlotWords:
        """The words of a template's slot.

        Most templates have a blank before the slot, so that words have the same tokens there. This is found
        by trying a sample of the words.
        """
        for other, known in self._known:
            sample = known.vocabulary.words[:: max(1, len(known.vocabulary) // _SAMPLED)]
            spelled = self.plm.spelled_ids(template, sample)
            if other == template or spelled == self.plm.spelled_ids(other, sample):
                return known
        vocabulary = vocabulary_of(self.plm, template, self.allowed)
        first = [tokens[0] for tokens in vocabulary.tokens]
        found = SlotWords(vocabulary, self.plm.output_embeddings(first)[0])
        self._known.append((template, found))
        return found

    @cached_property
    def whole(self) -> WholeWords:
        """Tells whole words from beginnings of words."""
        return WholeWords(self.plm)


class WholeWords:
    """Tells whole words of a PLM's language from beginnings of words; what was asked is kept in the cache."""

    def __init__(self, plm: PLM) -> None:
        self.plm = plm
        self._path = cache_dir() / "vocabulary" / f"whole-{plm.identity.weights_sha256[:32]}.json"
        self._known = _shares(_read(self._path))

    def of(self, words: Sequence[str]) -> NDArray[np.bool_]:
        """Whether each text is a whole word: (len(words),)."""
        missing = [word for word in dict.fromkeys(words) if word not in self._known]
        if missing:
            ends = (round(float(share), 4) for share in self._ends(missing))
            self._known.update(zip(missing, ends))
            _keep(self._path, json.dumps(self._known, ensure_ascii=False, indent=0))
        return np.array([self._known[word] >= _WHOLE for word in words], dtype=np.bool_)

    def first(self, words: Sequence[str], n: int, order: Sequence[int]) -> list[int]:
        """The first `n` whole words in an order of indices, asked for in blocks."""
        found: list[int] = []
        for start in range(0, len(order), max(n, 16)):
            block = list(order[start : start + max(n, 16)])
            found += [i for i, whole in zip(block, self.of([words[i] for i in block])) if whole]
            if len(found) >= n:
                break
        return found[:n]

    def _ends(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Probability that what follows each word is no letter of it: (len(words),)."""
        examples = [Example({"text": word}) for word in words]
        states = self.plm.answer_states(Template.parse(_CARRIER), examples, keep=False)
        return 1 - np.exp(self.plm.word_scores(states, self._continuations)).sum(axis=1)

    @cached_property
    def _continuations(self) -> list[int]:
        """Tokens that go on with the word before them."""
        texts = self.plm.vocabulary(after="a")
        return [token for token, text in enumerate(texts) if text and _goes_on(text[0])]


def _goes_on(char: str) -> bool:
    """Whether a letter right after a word belongs to it. In scripts without blanks it need not."""
    return char.isalpha() and not any(ord(char) in script for script in _WITHOUT_BLANKS)


def _vocabulary(content: object) -> Vocabulary | None:
    try:
        words, tokens = content  # ty: ignore[not-iterable]
        pairs = [(str(word), tuple(map(int, ids))) for word, ids in zip(words, tokens, strict=True)]
    except (TypeError, ValueError):
        return None
    return Vocabulary(tuple(word for word, _ in pairs), tuple(ids for _, ids in pairs))


def _shares(content: object) -> dict[str, float]:
    if not isinstance(content, dict):
        return {}
    return {str(word): float(share) for word, share in content.items() if isinstance(share, int | float)}


def _keep(path: Path, content: str) -> None:
    try:
        atomic_write(path, content)
    except StorageError as error:
        # What is not kept is worked out again; a search need not end for that.
        _log.warning("words of the vocabulary are not kept: %s", error.message)


def _read(path: Path) -> object:
    """What the cache holds; None where it holds nothing, or something damaged, which is then made anew."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
