"""Mining the words that stand between subject and object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from promptsearch.corpus import SegmentText
from promptsearch.engines.mining.counts import Counts, Key, Place
from promptsearch.engines.mining.names import Found, NameFinder
from promptsearch.engines.mining.pairs import Fact
from promptsearch.engines.mining.words import Words, composed, has_letters

_Meeting = tuple[Found, Found, int, int]
"""Subject, object, relations that hold between them, relations in which they stand to others only."""

# Sentences that are screened before it is known whether that pays, and the share at which it does not.
_TRIED, _MOSTLY = 200, 0.6


@dataclass(frozen=True)
class FactCounter:
    """Counts what stands between the two sides of known pairs, sentence by sentence.

    Between x and y of a pair that are both in a sentence, whole words, stand at most `between` words and
    punctuation marks; that text is counted once for each distinct pair. Names that stand in the relation
    to others, but not to each other, are counted apart, under `-1 - relation`: they tell what a middle is
    worth that also stands between any two such names. An alias without any letter or digit is no name.

    Attributes:
        finder: finds the names.
        held: `subject << 32 | object` -> relations that hold from the one to the other. Pairs as keys would
            take up to twice as much memory.
        subject_of, object_of: name -> relations in which it is a subject, an object; bit r is relation r.
        marks: see `NameFinder.marks`.
        named_by: alias that is no fact's own name -> the first name whose alias it is. A fact's own names
            name themselves.
    """

    words: Words
    between: int
    finder: NameFinder
    held: Mapping[int, int]
    subject_of: Sequence[int]
    object_of: Sequence[int]
    named_by: Mapping[int, int]
    marks: frozenset[str]

    @classmethod
    def of(cls, relations: Iterable[Sequence[Fact]], words: Words, between: int) -> FactCounter:
        """The counter for some relations, in their order."""
        relations = list(relations)
        own = (
            words.key(name) for facts in relations for fact in facts for name in (fact.subject, fact.object)
        )
        numbers = {key: number for number, key in enumerate(dict.fromkeys(filter(has_letters, own)))}
        named_by: dict[int, int] = {}
        masks = [0] * len(numbers), [0] * len(numbers)
        held: dict[int, int] = {}

        def enter(names: Sequence[str], side: int, bit: int) -> list[int]:
            entered = []
            for key in dict.fromkeys(words.key(name) for name in names):
                if not has_letters(key):
                    continue  # it would be found at every such mark
                number = numbers.setdefault(key, len(numbers))
                if number == len(masks[0]):
                    if entered:
                        named_by[number] = named_by.get(entered[0], entered[0])
                    masks[0].append(0)
                    masks[1].append(0)
                masks[side][number] |= bit
                entered.append(number)
            return entered

        for relation, facts in enumerate(relations):
            bit = 1 << relation
            for fact in facts:
                objects = enter(fact.object_names, 1, bit)
                for subject, object_ in product(enter(fact.subject_names, 0, bit), objects):
                    both = subject << 32 | object_
                    held[both] = held.get(both, 0) | bit
        finder = NameFinder(list(numbers))
        return cls(words, between, finder, held, *masks, named_by, finder.marks)

    def count(self, text: SegmentText, source: int = 0, segment: int = 0) -> Counts:
        """The counts of one segment of a corpus."""
        counts = Counts(
            lines={(source, segment): text.lines},
            sentences=len(text.sentences),
            characters=text.characters,
            undecodable=text.undecodable,
        )
        words_of, find, marks = self.words.of, self.finder.find, self.marks
        without_marks, screened, passed = self.words.without_marks, True, 0
        for number, (line, sentence) in enumerate(text.sentences):
            if not sentence.isascii():
                sentence = composed(sentence)
            elif screened:
                if marks.isdisjoint(without_marks(sentence)):
                    continue
                passed += 1
                # Where most sentences hold a name, looking for one first is work for nothing.
                screened = passed < _TRIED or passed < _MOSTLY * number
            found = find(words_of(sentence))
            if found:
                counts.names.update([name for _, _, name in found])
            if len(found) > 1 and (met := self._met(found, counts)):
                self._see(counts, met, sentence, (source, segment, number, line))
        return counts

    def entity(self, name: int) -> int:
        """Number of whom a name names."""
        return self.named_by.get(name, name)

    def _met(self, found: Sequence[Found], counts: Counts) -> list[_Meeting]:
        """Names that stand in relations, to each other or to others, and meet near enough."""
        met: list[_Meeting] = []
        subject_of, object_of = self.subject_of, self.object_of
        for i, first in enumerate(found):
            as_subject, as_object = subject_of[first[2]], object_of[first[2]]
            for second in found[i + 1 :]:
                if possible := as_subject & object_of[second[2]]:
                    self._meet(met, counts, first, second, possible)
                if possible := as_object & subject_of[second[2]]:
                    self._meet(met, counts, second, first, possible)
        return met

    def _meet(
        self, met: list[_Meeting], counts: Counts, subject: Found, object_: Found, possible: int
    ) -> None:
        x, y = self.entity(subject[2]), self.entity(object_[2])
        if x == y:
            return
        held = self.held.get(subject[2] << 32 | object_[2], 0)
        if held:
            counts.together.update((r, (x, y)) for r in _bits(held))
        if max(subject[0] - object_[1], object_[0] - subject[1]) <= self.between:
            met.append((subject, object_, held, possible & ~held))

    def _see(
        self, counts: Counts, met: Sequence[_Meeting], sentence: str, at: tuple[int, int, int, int]
    ) -> None:
        last = max(max(subject[1], object_[1]) for subject, object_, _, _ in met)
        starts, ends = self.words.starts_and_ends(sentence, last)
        for subject, object_, held, others in met:
            x = starts[subject[0]], ends[subject[1] - 1]
            y = starts[object_[0]], ends[object_[1] - 1]
            order = 0 if x < y else 1
            text = _plain(sentence[x[1] : y[0]] if order == 0 else sentence[y[1] : x[0]])
            pair = self.entity(subject[2]), self.entity(object_[2])
            place = Place(*at, sentence, x, y)
            for relation in _bits(held):
                counts.see(Key(relation, order, text), pair, place)
            for relation in _bits(others):
                counts.see(Key(-1 - relation, order, text), pair, place)
        counts.matched += any(held for _, _, held, _ in met)


def _plain(text: str) -> str:
    """Each run of blanks as one space."""
    if "  " in text or not text.isprintable():
        inner = " ".join(text.split())
        return f"{' ' * (text[:1].isspace())}{inner}{' ' * (text[-1:].isspace() and bool(inner))}"
    return text


def _bits(mask: int) -> list[int]:
    """Numbers of the bits that are set."""
    bits = []
    while mask:
        low = mask & -mask
        bits.append(low.bit_length() - 1)
        mask ^= low
    return bits
