"""English words that carry no meaning of their own, for telling empty templates from others."""

from __future__ import annotations

from collections.abc import Iterable

_ENGLISH = """
    a an the this that these those such some any each every no both either neither other another same
    i me my mine we us our ours you your yours he him his she her hers it its they them their theirs
    who whom whose which what one ones himself herself itself themselves
    and or but nor so yet if then than as while because although though since until unless whether
    of in on at by for with from to into onto upon over under about between among through during before
    after above below up down out off again against within without along across around near per via
    is are was were be been being am has have had having do does did done doing will would shall should can
    could may might must not n't s t d ll re ve
    there here when where why how all more most much many few less least only also too very just even still
    now ever never however well etc
"""
STOP_WORDS = frozenset(_ENGLISH.split())


def is_empty(words: Iterable[str]) -> bool:
    """Whether there is nothing but stop words, numbers and punctuation marks; words in lower case."""
    return all(word in STOP_WORDS or not word[0].isalpha() for word in words)
