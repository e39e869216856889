"""What may become a frame: the words of a sentence around a label word, which gives way to the slot."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from promptsearch.engines.mining.clauses import Clause
from promptsearch.engines.mining.stopwords import STOP_WORDS

SLOT = "{mask}"
ARTICLES = frozenset(("a", "an", "the"))
ENDINGS = range(2, 6)
LEAD_INS = 2
# How far a frame may reach, so that text without blanks or marks takes no longer than other text.
_CHARACTERS_A_WORD = 16
# How far before a label word a negation is looked for; frames may be shorter.
_NEGATES = 256


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# What ends the phrase before it, so that a frame can end there: conjunctions and prepositions, save those
# that adjectives call for ("good at", "great to see", "as good as"), more of them of praise than of blame.
_JOINTS = _set("and or but because when while which who in of on with from by")
_CONJUNCTION = re.compile(r"(?:and|but|or|yet|plus)\s+", re.IGNORECASE)
_NEGATIONS = _set(
    "not never no nor neither cannot nothing nobody none nowhere without hardly barely scarcely rarely "
    "isnt wasnt arent werent dont doesnt didnt wont wouldnt cant couldnt shouldnt aint"
)
_BE = _set("is are was were be been being am s re m isn wasn aren weren")
_COPULAS = _BE | _set(
    "feel feels felt find finds found seem seems seemed look looks looked sound sounds sounded"
)
# What a phrase begins with: pronouns, determiners, prepositions.
_STARTERS = _set(
    "i you he she it we they this that these those there my your his her its our their a an the what how "
    "in on at by for with from about as"
)
_WORD = re.compile(r"\w+")
_CHUNK = re.compile(r"[^\s\w]*\w\S*")
_BRACE_OR_SLOT = re.compile(r"\{\{|\}\}|\{mask\}")


class Outline(NamedTuple):
    """A frame as it stands in a sentence.

    Attributes:
        text: with the slot in place of the label word; the first letter is a capital, braces are doubled.
        order: 0 where no word follows the slot, else 1.
        start, end: its characters in the sentence.
        standing: whether it begins where a clause or, by its first word, a phrase does.
    """

    text: str
    order: int
    start: int
    end: int
    standing: bool


def outlines(
    sentence: str, parts: Sequence[Clause], y: tuple[int, int], longest: int, right: int
) -> list[Outline]:
    """All frames around the label word at `y`, each text once.

    These are: the clause up to a label word that ends it (or its phrase, where a conjunction or preposition
    goes on), by itself and behind one or two clauses that lead it in with a comma; the two to five words
    before such a label word; a clause in which at most `right` words follow; and the whole sentence. Left
    out are those of the slot alone or of more than `longest` other words, and all where a negation stands
    before the slot in its clause, at most `_NEGATES` characters away, for it turns the label round.

    Args:
        parts: the clauses of `sentence`.
        y: first character of the label word and one past its last.
    """
    at = bisect_right(parts, y[0], key=lambda part: part.start) - 1
    if at < 0 or y[1] > parts[at].end:
        return []
    clause, reach = parts[at], longest * _CHARACTERS_A_WORD
    before = sentence[max(clause.start, y[0] - max(reach, _NEGATES)) : y[0]]
    after = sentence[y[1] : min(clause.end, y[1] + reach)]
    if not (_is_apart(before[-1:]) and _is_apart(after[:1])) or _is_turned(before, after, clause.mark):
        return []
    question = "?" * ("?" in clause.mark)
    found: dict[str, Outline] = {}
    for start, end, mark, standing in (
        *_in_clause(sentence, parts, at, y, question, right, reach),
        _whole(sentence, parts),
    ):
        start = _after_conjunction(sentence, start, y[0])
        if y[0] - start + end - y[1] > reach:
            continue
        left, rest = sentence[start : y[0]], sentence[y[1] : end]
        if _is_short(left, rest, longest):
            text = _capital(f"{_plain(left)}{SLOT}{_plain(rest)}{mark}")
            order = int(_WORD.search(rest) is not None)
            standing = standing and (bool(question) or not _lacks_subject(sentence[start : y[0]]))
            found.setdefault(text, Outline(text, order, start, end, standing))
    return list(found.values())


def halves(text: str) -> tuple[str, str]:
    """What stands before and behind the slot of a frame, braces doubled."""
    slot = next(match for match in _BRACE_OR_SLOT.finditer(text) if match[0] == SLOT)
    return text[: slot.start()], text[slot.end() :]


_Stretch = tuple[int, int, str, bool]
"""First character, one past the last, mark to put behind, whether it begins where a clause or phrase does."""


def _in_clause(
    sentence: str, parts: Sequence[Clause], at: int, y: tuple[int, int], mark: str, right: int, reach: int
) -> Iterator[_Stretch]:
    clause = parts[at]
    after = sentence[y[1] : min(clause.end, y[1] + reach)].lower().split()
    if after and len(after) <= right:
        yield clause.start, clause.end, mark, True
    if after and after[0] not in _JOINTS:
        return
    yield clause.start, y[1], mark, True
    for i in range(at, max(0, at - LEAD_INS), -1):
        if sentence[parts[i - 1].end : parts[i].start].strip() != ",":
            break
        yield parts[i - 1].start, y[1], mark, True
    # Of a clause that begins beyond reach, the first word here may be cut; no ending begins with it.
    start = _after_conjunction(sentence, max(clause.start, y[0] - reach), y[0])
    words = [start + match.start() for match in re.finditer(r"\S+", sentence[start : y[0]])]
    for many in ENDINGS:
        if many >= len(words):
            break
        ending = sentence[words[-many] : y[0]]
        if ending[0].isalnum() and _tells(ending):
            yield words[-many], y[1], mark, _first_word(ending) in _STARTERS


def _whole(sentence: str, parts: Sequence[Clause]) -> _Stretch:
    """The sentence, with its last mark where that is more than a stop."""
    mark = parts[-1].mark
    closing = "?" if "?" in mark else "!" if "!" in mark else ""
    return parts[0].start, parts[-1].end, closing, True


def _is_apart(neighbour: str) -> bool:
    """Whether a word ends beside this character: it is none of `good-natured`, `good/bad`, `good's`.

    Letters are the next word, in scripts without blanks.
    """
    return not neighbour or neighbour.isspace() or neighbour.isalnum()


def _is_turned(before: str, after: str, mark: str) -> bool:
    """Whether a label word means something else here than in the slot.

    It does behind a negation, and as the first of a list: what ends at the comma of "a dull, slow film" is no
    clause.
    """
    words = before.lower().split()
    if words and words[-1] in ARTICLES and not after and mark == ",":
        return True
    return any(word in _NEGATIONS or word.endswith(("n't", "n’t")) for word in words)


def _is_short(left: str, right: str, longest: int) -> bool:
    """Whether there is a word beside the slot, and no more than `longest`."""
    if not _WORD.search(left + right):
        return False
    return len(_CHUNK.findall(left)) + len(_CHUNK.findall(right)) <= longest


def _lacks_subject(text: str) -> bool:
    """Whether it goes on with a verb, as behind a title in quotes: "is very good"."""
    return _first_word(text) in _BE


def _first_word(text: str) -> str:
    match = _WORD.search(text)
    return match[0].lower() if match else ""


def _tells(ending: str) -> bool:
    """Whether the words say anything of what the slot is about."""
    return any(word in _COPULAS or word not in STOP_WORDS for word in _WORD.findall(ending.lower()))


def _after_conjunction(sentence: str, start: int, before: int) -> int:
    match = _CONJUNCTION.match(sentence, start)
    return match.end() if match and match.end() <= before else start


def _plain(text: str) -> str:
    """Each run of blanks as one space, braces doubled."""
    inner = " ".join(text.split())
    text = f"{' ' * text[:1].isspace()}{inner}{' ' * (text[-1:].isspace() and bool(inner))}"
    return text.replace("{", "{{").replace("}", "}}") if "{" in text or "}" in text else text


def _capital(text: str) -> str:
    return text if text.startswith(SLOT) else text[:1].upper() + text[1:]
