"""The lines of WordNet's database files, as its manual page wndb(5) describes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

PartOfSpeech = Literal["n", "v", "a", "r"]
PARTS_OF_SPEECH: tuple[PartOfSpeech, ...] = get_args(PartOfSpeech)
_MARKER = re.compile(r"\((?:a|p|ip)\)$")  # where an adjective may stand: asleep(p)


class MalformedLine(ValueError):
    """A line that does not keep to the format; the text says what is wrong."""


@dataclass(frozen=True)
class IndexEntry:
    """A word of one part of speech, and its senses.

    Attributes:
        lemma: in lower case, with underscores between the parts of a word of several.
        offsets: places of its synsets in the data file, the most frequent sense first.
        tagged: how many of the senses occur in the texts that WordNet's makers have tagged.
    """

    lemma: str
    pos: PartOfSpeech
    offsets: tuple[int, ...]
    tagged: int


@dataclass(frozen=True)
class Pointer:
    """A relation to another synset, or from one word of a synset to one word of another.

    Attributes:
        symbol: `~` hyponym, `@` hypernym, `+` derived form, `&` similar, `-c` topic member, `!` antonym, …
        source, target: which words are meant, counted from 1; 0 for the whole synset.
    """

    symbol: str
    offset: int
    pos: PartOfSpeech
    source: int = 0
    target: int = 0


@dataclass(frozen=True)
class Synset:
    """Words of one meaning.

    Attributes:
        words: as people write them, with blanks between their parts.
        gloss: definition and examples.
    """

    offset: int
    pos: PartOfSpeech
    words: tuple[str, ...]
    pointers: tuple[Pointer, ...] = ()
    gloss: str = ""


def parse_index(line: str) -> IndexEntry:
    """An entry of an index file.

    Raises:
        MalformedLine: saying what is wrong.
    """
    fields = line.split()
    if len(fields) < 6:
        raise MalformedLine("a line of an index has at least six fields")
    lemma, senses, symbols = fields[0], _number(fields[2]), _number(fields[3])
    rest = fields[4 + symbols :]
    if len(rest) != senses + 2 or senses < 1:
        raise MalformedLine(f"{senses} senses are announced, {max(len(rest) - 2, 0)} are given")
    offsets = tuple(map(_number, rest[2:]))
    return IndexEntry(lemma, _part_of_speech(fields[1]), offsets, _number(rest[1]))


def parse_data(line: str) -> Synset:
    """A synset of a data file.

    Raises:
        MalformedLine: saying what is wrong.
    """
    head, bar, gloss = line.partition("|")
    fields = head.split()
    if not bar or len(fields) < 6:
        raise MalformedLine("the line is no synset, or is cut off")
    n_words = _number(fields[3], 16)
    after_words = 4 + 2 * n_words
    words = tuple(_readable(word) for word in fields[4:after_words:2])
    if len(fields) <= after_words or n_words < 1:
        raise MalformedLine(f"{n_words} words are announced, fewer are given")
    n_pointers = _number(fields[after_words])
    ends = fields[after_words + 1 : after_words + 1 + 4 * n_pointers]
    if len(ends) != 4 * n_pointers:
        raise MalformedLine(f"{n_pointers} relations are announced, fewer are given")
    pointers = tuple(_pointer(*ends[i : i + 4]) for i in range(0, len(ends), 4))
    return Synset(_number(fields[0]), _part_of_speech(fields[2]), words, pointers, gloss.strip())


def _pointer(symbol: str, offset: str, pos: str, words: str) -> Pointer:
    if len(words) != 4:
        raise MalformedLine(f"{words!r} does not name two words")
    source, target = _number(words[:2], 16), _number(words[2:], 16)
    return Pointer(symbol, _number(offset), _part_of_speech(pos), source, target)


def _part_of_speech(letter: str) -> PartOfSpeech:
    """A satellite (`s`) is an adjective."""
    for pos in PARTS_OF_SPEECH:
        if letter == pos or (letter, pos) == ("s", "a"):
            return pos
    raise MalformedLine(f"{letter!r} is no part of speech")


def _number(digits: str, base: int = 10) -> int:
    if not digits.isascii() or not digits.isalnum():
        raise MalformedLine(f"{digits!r} is no number")
    try:
        return int(digits, base)
    except ValueError:
        raise MalformedLine(f"{digits!r} is no number") from None


def _readable(word: str) -> str:
    return _MARKER.sub("", word).replace("_", " ")
