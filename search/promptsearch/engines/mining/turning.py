"""Wordings with the answer first, turned round so that a PLM which reads from left to right can be asked.

Such a PLM answers at the end only, so that "Paris is the capital of France" tells it nothing of how to ask
for the capital of France. English turns copular clauses round as they are: "The capital of France is Paris".
"""

from __future__ import annotations

import re

_COPULA = r"is|are|was|were"
_PREPOSITION = r"of|in|at|on|for|from|by|to|with|under|near"
_ARTICLES = ("a", "an", "the")
# Behind the answer: a copula, or the comma of an apposition, then a phrase that ends in a preposition.
_MIDDLE = re.compile(
    rf"(?:,?\s(?:(?:which|who)\s)?(?P<copula>{_COPULA})|,)"
    rf"\s(?P<phrase>(?:\w+\s){{1,5}}(?P<preposition>{_PREPOSITION}))"
    rf"(?P<article>\s(?:{'|'.join(_ARTICLES)}))?\s",
    re.IGNORECASE,
)
# A phrase with one of these is more than what the answer is: a clause of its own, or one that is denied.
_CLAUSES = """
    and but not no never neither nor none or that where which who whose with is are was were has had have
    he she it they there because instead according together after before while as since until like unlike
"""
# What stands before "of" without being what the answer is.
_NO_NOUNS = ("full", "made", "out", "proud", "fond", "aware", "typical")
# What an apposition may begin with that is no noun.
_PARTICIPLES = ("located", "situated", "based", "born", "founded", "built", "published", "formed")


def turned(middle: str) -> tuple[str, str] | None:
    """The words before the subject and behind it, which with the answer last say the same.

    ` is the capital of ` between answer and subject gives `The capital of ` and ` is `; `, capital of ` gives
    the same, and ` was born in ` gives `Born in ` and ` was `. None where the middle is neither a copula nor
    an apposition with a phrase that ends in a preposition.

    Args:
        middle: what stands between the answer and the subject.
    """
    match = _MIDDLE.fullmatch(middle)
    if match is None:
        return None
    words = match["phrase"].split()
    first = words[0].lower()
    if not set(_CLAUSES.split()).isdisjoint(word.lower() for word in words[:-1]):
        return None
    named = len(words) == 2 and words[1].lower() == "of" and first not in (*_ARTICLES, *_NO_NOUNS)
    if match["copula"] is None and not named and first not in (*_ARTICLES, *_PARTICIPLES):
        return None  # perhaps the verb of the sentence, as in "Mozart, aged 35, died in Vienna"
    if named and not first.endswith("ed"):
        words.insert(0, "the")
    phrase = " ".join(words)
    before = f"{phrase[:1].upper()}{phrase[1:]}{match['article'] or ''} "
    return before, f" {match['copula'] or 'is'} "
