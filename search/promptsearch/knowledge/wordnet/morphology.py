"""Base forms of inflected words, by the rules of WordNet's manual page morphy(7WN)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from promptsearch.knowledge.wordnet.lines import PartOfSpeech

# Ending -> what stands in its place, tried in this order.
ENDINGS: Mapping[PartOfSpeech, Sequence[tuple[str, str]]] = {
    "n": (
        ("s", ""),
        ("ses", "s"),
        ("xes", "x"),
        ("zes", "z"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("men", "man"),
        ("ies", "y"),
    ),
    "v": (
        ("s", ""),
        ("ies", "y"),
        ("es", "e"),
        ("es", ""),
        ("ed", "e"),
        ("ed", ""),
        ("ing", "e"),
        ("ing", ""),
    ),
    "a": (("er", ""), ("est", ""), ("er", "e"), ("est", "e")),
    "r": (),
}
# The head of a compound stands before these: "department of state".
_PREPOSITIONS = frozenset(("about", "at", "by", "for", "from", "in", "of", "on", "to", "with"))


def base_forms(
    word: str, pos: PartOfSpeech, exceptions: Sequence[str], known: Callable[[str], bool]
) -> list[str]:
    """Base forms of a word that are known, without the word itself.

    Irregular forms go first; where there are any, the endings are not looked at.

    Args:
        word: in lower case, underscores between its parts.
        exceptions: base forms that the list of irregular forms gives for the word.
        known: whether a word is in the index.
    """
    irregular = [base for base in exceptions if known(base) and base != word]
    if irregular:
        return list(dict.fromkeys(irregular))
    regular = (
        word.removesuffix(ending) + base
        for ending, base in ENDINGS[pos]
        if word.endswith(ending) and len(word) > len(ending)
    )
    return list(dict.fromkeys(base for base in regular if base != word and known(base)))


def spellings(word: str) -> list[str]:
    """How a word of several parts may stand in the index: real_estate, son-in-law, database."""
    parts = word.lower().replace("_", " ").split()
    apart = "_".join(parts)
    return list(dict.fromkeys((apart, apart.replace("-", "_"), apart.replace("_", "-"))))


def heads(phrase: str) -> Iterator[str]:
    """What a phrase is about, longest first: "cheap real estate" gives "real estate", then "estate".

    The head of an English compound is its last word, or the last one before a preposition.
    """
    parts = phrase.split()
    before = next((i for i, part in enumerate(parts) if i and part.lower() in _PREPOSITIONS), len(parts))
    if before < len(parts):
        yield " ".join(parts[:before])
    for start in range(1, before):
        yield " ".join(parts[start:before])
