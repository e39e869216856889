"""Salient words: what many of a task's inputs speak of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from promptsearch.engines.mining.stopwords import STOP_WORDS
from promptsearch.engines.mining.words import Words


def salient_words(
    texts: Iterable[str],
    label_words: Iterable[Sequence[str]],
    words: Words,
    most: int = 200,
    least: int = 2,
) -> list[str]:
    """Content words and phrases of two that at least `least` texts share, folded, the most shared first.

    They are ranked by the number of texts times the number of words; a phrase is two content words side by
    side. Left out are stop words, single letters, whatever has a digit, and label words.

    Args:
        label_words: the words of each label.
        most: how many to give.
    """
    labels = {words.key(word) for entry in label_words for word in entry}
    single = {key[0] for key in labels if len(key) == 1}
    shared: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        shared.update(_candidates(words.key(text), single))
    ranked = sorted(
        (phrase for phrase, n in shared.items() if n >= least and phrase not in labels),
        key=lambda phrase: (-shared[phrase] * len(phrase), -len(phrase), phrase),
    )
    return [" ".join(phrase) for phrase in ranked[:most]]


def _candidates(words: Sequence[str], labels: set[str]) -> set[tuple[str, ...]]:
    """Content words of a text, and pairs of them side by side."""
    content = [_is_content(word) and word not in labels for word in words]
    found: set[tuple[str, ...]] = {(word,) for word, keep in zip(words, content) if keep}
    for i in range(len(words) - 1):
        if content[i] and content[i + 1] and words[i] != words[i + 1]:
            found.add((words[i], words[i + 1]))
    return found


def _is_content(word: str) -> bool:
    """Whether a folded word carries a meaning of its own; one character does in Chinese."""
    if not word[0].isalpha() or word.lower() in STOP_WORDS or (len(word) == 1 and word.isascii()):
        return False
    return not any(character.isdigit() for character in word)
