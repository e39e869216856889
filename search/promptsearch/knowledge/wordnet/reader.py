"""Looks words up in WordNet's database files."""

from __future__ import annotations

import mmap
from functools import lru_cache
from pathlib import Path

from promptsearch.errors import KnowledgeError
from promptsearch.knowledge.wordnet.lines import (
    PARTS_OF_SPEECH,
    IndexEntry,
    MalformedLine,
    PartOfSpeech,
    Pointer,
    Synset,
    parse_data,
    parse_index,
)
from promptsearch.knowledge.wordnet.morphology import base_forms, spellings

__all__ = ["IndexEntry", "PartOfSpeech", "Pointer", "Reader", "Synset"]

_FILES: dict[PartOfSpeech, str] = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
_DAMAGED = "The file is damaged or no WordNet file; install WordNet anew, or name another folder."


class Reader:
    """WordNet's files in one folder.

    An index is read when a word of its part of speech is first looked up (40 ms for the 117,798 nouns of
    WordNet 3.0), a synset when it is asked for.

    Every method raises KnowledgeError, naming file and line, where a file is damaged or missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._indexes: dict[PartOfSpeech, dict[bytes, bytes]] = {}
        self._irregular: dict[PartOfSpeech, dict[str, list[str]]] = {}
        self._data: dict[PartOfSpeech, mmap.mmap] = {}
        self.synset = lru_cache(maxsize=50_000)(self._synset)

    def entry(self, lemma: str, pos: PartOfSpeech) -> IndexEntry | None:
        """The entry of a lemma as the index spells it (`real_estate`), None where there is none."""
        line = self._index(pos).get(_encoded(lemma))
        if line is None:
            return None
        path = self.folder / f"index.{_FILES[pos]}"
        try:
            return parse_index(_decoded(line))
        except MalformedLine as error:
            number = path.read_bytes().split(b"\n").index(line) + 1
            raise _damaged(path, number, str(error)) from None

    def lookup(self, word: str) -> list[IndexEntry]:
        """Entries of a word in every part of speech, the one with most tagged senses first.

        The word as it is written goes before its base forms: `glasses` is not read as several of `glass`.
        """
        for spelling in spellings(word):
            found = [entry for pos in PARTS_OF_SPEECH if (entry := self.entry(spelling, pos))]
            if not found:
                bases = ((pos, base) for pos in PARTS_OF_SPEECH for base in self.base_forms(spelling, pos))
                found = [entry for pos, base in bases if (entry := self.entry(base, pos))]
            if found:
                return sorted(found, key=lambda entry: -entry.tagged)
        return []

    def base_forms(self, word: str, pos: PartOfSpeech) -> list[str]:
        """Base forms of an inflected word that are in the index: geese -> goose."""
        index = self._index(pos)
        irregular = self._exceptions(pos).get(word, [])
        return base_forms(word, pos, irregular, lambda base: _encoded(base) in index)

    def lemma(self, word: str) -> str:
        """One base form of a lower-case word, to compare words by; the word where there is none."""
        for pos in PARTS_OF_SPEECH[:3]:
            if _encoded(word) in self._index(pos):
                return word
        return next((base for pos in PARTS_OF_SPEECH[:3] for base in self.base_forms(word, pos)), word)

    def _synset(self, pos: PartOfSpeech, offset: int) -> Synset:
        """The synset at a place of the data file of a part of speech."""
        path = self.folder / f"data.{_FILES[pos]}"
        data = self._mapped(pos, path)
        end = data.find(b"\n", offset)
        if offset >= len(data) or end < 0:
            raise KnowledgeError(
                f"the file ends before byte {offset}, where a synset should be",
                where=str(path),
                hint=_DAMAGED,
            )
        try:
            found = parse_data(_decoded(data[offset:end]))
            if found.offset != offset or found.pos != pos:
                raise MalformedLine(f"the synset of byte {offset} stands elsewhere")
        except MalformedLine as error:
            raise _damaged(path, data[:offset].count(b"\n") + 1, str(error)) from None
        return found

    def _mapped(self, pos: PartOfSpeech, path: Path) -> mmap.mmap:
        if pos not in self._data:
            try:
                with path.open("rb") as file:
                    self._data[pos] = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except (OSError, ValueError) as error:  # ValueError: the file is empty
                raise _unreadable(path, error) from None
        return self._data[pos]

    def _index(self, pos: PartOfSpeech) -> dict[bytes, bytes]:
        """Lemma -> line. Lines are parsed when they are asked for."""
        if pos not in self._indexes:
            path = self.folder / f"index.{_FILES[pos]}"
            content = _content(path)
            lines = content.replace(b"\r\n", b"\n").split(b"\n")
            if lines[-1]:
                raise _damaged(path, len(lines), "the last line is cut off")
            # The licence at the top is indented.
            entries = {line[: line.find(b" ")]: line for line in lines if line and line[:1] != b" "}
            self._check_first(path, lines, next(iter(entries.values()), b""))
            self._indexes[pos] = entries
        return self._indexes[pos]

    @staticmethod
    def _check_first(path: Path, lines: list[bytes], first: bytes) -> None:
        """Refuse at once a file that is something else altogether."""
        try:
            parse_index(_decoded(first))
        except MalformedLine as error:
            raise _damaged(path, lines.index(first) + 1, str(error)) from None

    def _exceptions(self, pos: PartOfSpeech) -> dict[str, list[str]]:
        """Irregular form -> base forms; the npm package has no such lists."""
        if pos not in self._irregular:
            path = self.folder / f"{_FILES[pos]}.exc"
            table: dict[str, list[str]] = {}
            if path.is_file():
                for number, line in enumerate(_content(path).split(b"\n"), start=1):
                    try:
                        form, *bases = _decoded(line).split() or [""]
                    except MalformedLine as error:
                        raise _damaged(path, number, str(error)) from None
                    table[form] = bases
            self._irregular[pos] = table
        return self._irregular[pos]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None


def _encoded(word: str) -> bytes:
    return word.encode("utf-8", "surrogatepass")


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise MalformedLine("the line is not UTF-8") from None


def _damaged(path: Path, number: int, reason: str) -> KnowledgeError:
    return KnowledgeError(f"WordNet cannot be read: {reason}", where=f"{path}, line {number}", hint=_DAMAGED)


def _unreadable(path: Path, error: Exception) -> KnowledgeError:
    reason = getattr(error, "strerror", None) or str(error)
    return KnowledgeError(f"WordNet cannot be read: {reason}", where=str(path), hint=_DAMAGED)
