"""Counting clause frames around label words: templates for classification."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promptsearch.corpus import SegmentText
from promptsearch.engines.mining.clauses import clauses
from promptsearch.engines.mining.counts import Counts, Key, Place
from promptsearch.engines.mining.names import Found, NameFinder
from promptsearch.engines.mining.outlines import outlines
from promptsearch.engines.mining.words import Words, composed, has_letters
from promptsearch.errors import VerbalizerError
from promptsearch.verbalizer import Label

STANDING, FRAGMENT = 0, 1
"""Groups of keys: frames that begin where a clause or phrase does, and others."""


@dataclass(frozen=True)
class FrameCounter:
    """Counts the frames around label words, sentence by sentence.

    y is a label word of any label, whole, in any case; x is a salient word anywhere else in the sentence,
    or -1 where there is none: such sentences count once a label word, others once for each thing that the
    task's inputs speak of, so that frames of the task's own matters come first. A frame is counted once for
    each distinct (x, y); a frame that
    holds another label word is not counted, for it would tell the answer. `Counts.together` holds
    (label, (x, y)) of all that met, with or without a frame.

    Attributes:
        longest: words that a frame may have besides the slot.
        right: words that may follow the slot in a clause.
        answers: label words, by their number y; words of two labels are left out.
        label_of: y -> number of the label.
        salient: salient words, by their number x.
        labels: number of labels.
        marks: one word of each label word; a sentence without any of them holds none.
    """

    words: Words
    longest: int
    right: int
    labels: int
    answers: tuple[str, ...]
    label_of: tuple[int, ...]
    salient: tuple[str, ...]
    answer_finder: NameFinder
    salient_finder: NameFinder
    marks: frozenset[str]

    @classmethod
    def of(
        cls,
        label_words: Mapping[Label, Sequence[str]] | Sequence[Sequence[str]],
        salient: Sequence[str],
        words: Words,
        longest: int = 8,
        right: int = 4,
    ) -> FrameCounter:
        """The counter for the words of each label, in the order of the labels.

        Raises:
            VerbalizerError: a label has no word that is not also another label's.
        """
        lists = list(label_words.values()) if isinstance(label_words, Mapping) else list(label_words)
        names = list(label_words) if isinstance(label_words, Mapping) else list(range(len(lists)))
        answers = _own_words(lists, words)
        for number, name in enumerate(names):
            if all(label != number for label, _ in answers.values()):
                raise VerbalizerError(
                    f"the label {name!r} has no word of its own to look for in text",
                    hint="Words of two labels tell nothing; give each label at least one that is its own.",
                )
        others = {key: word for word in salient if has_letters(key := words.key(word)) and key not in answers}
        return cls(
            words,
            longest,
            right,
            len(lists),
            tuple(word for _, word in answers.values()),
            tuple(label for label, _ in answers.values()),
            tuple(others.values()),
            NameFinder(list(answers)),
            NameFinder(list(others)),
            frozenset(max(key, key=len) for key in answers),
        )

    def count(self, text: SegmentText, source: int = 0, segment: int = 0) -> Counts:
        """The counts of one segment of a corpus."""
        counts = Counts(
            lines={(source, segment): text.lines},
            sentences=len(text.sentences),
            characters=text.characters,
            undecodable=text.undecodable,
        )
        words_of, marks = self.words.of, self.marks
        for number, (line, sentence) in enumerate(text.sentences):
            if not sentence.isascii():
                sentence = composed(sentence)
            words = words_of(sentence)
            if marks.isdisjoint(words):
                continue
            found = self.answer_finder.find(words)
            if found:
                met = self.salient_finder.find(words) if self.salient else []
                self._see(counts, found, met, sentence, (source, segment, number, line))
        return counts

    def _see(
        self,
        counts: Counts,
        found: Sequence[Found],
        met: Sequence[Found],
        sentence: str,
        at: tuple[int, int, int, int],
    ) -> None:
        """Count the frames around each label word of a sentence."""
        starts, ends = self.words.starts_and_ends(sentence)
        parts = clauses(sentence)
        spans = [(starts[first], ends[last - 1]) for first, last, _ in found]
        begins = [start for start, _ in spans]
        matched = False
        for (first, last, y), span in zip(found, spans):
            counts.names.add(y)
            elsewhere = [(x, (starts[a], ends[b - 1])) for a, b, x in met if b <= first or last <= a]
            xs = elsewhere or [(-1, (0, 0))]
            counts.together.update((self.label_of[y], (x, y)) for x, _ in xs)
            for outline in outlines(sentence, parts, span, self.longest, self.right):
                if bisect_left(begins, outline.end) - bisect_left(begins, outline.start) > 1:
                    continue
                key = Key(STANDING if outline.standing else FRAGMENT, outline.order, outline.text)
                for x, x_span in xs:
                    counts.see(key, (x, y), Place(*at, sentence, x_span, span))
                matched = True
        counts.matched += matched


def _own_words(lists: Sequence[Sequence[str]], words: Words) -> dict[tuple[str, ...], tuple[int, str]]:
    """Folded label word -> its label and how it was given, without words of two labels."""
    owners: dict[tuple[str, ...], set[int]] = {}
    given: dict[tuple[str, ...], str] = {}
    for label, entry in enumerate(lists):
        for word in entry:
            key = words.key(word)
            if has_letters(key):
                owners.setdefault(key, set()).add(label)
                given.setdefault(key, word)
    return {key: (min(labels), given[key]) for key, labels in owners.items() if len(labels) == 1}
