"""Frames ranked: how evenly the words of all labels stand in them, and how many do."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promptsearch.engines.mining.clauses import clauses
from promptsearch.engines.mining.counts import Counts, Key, Pair, Place
from promptsearch.engines.mining.frames import FRAGMENT, STANDING, FrameCounter
from promptsearch.engines.mining.mined import Sighting
from promptsearch.engines.mining.outlines import ARTICLES, halves, outlines
from promptsearch.engines.mining.tails import Outlined, tails
from promptsearch.engines.mining.words import Words
from promptsearch.pieces import Field, Mask, Piece, Text
from promptsearch.template import Template

# Fragments count for a frame if at least this share of its pairs stands in clauses or phrases of these words.
_STANDING_SHARE = 0.2

_Seen = dict[Pair, tuple[Place, str]]
"""Pair -> the first place it was seen at, and the wording there."""


@dataclass(frozen=True)
class LabelSupport:
    """What stands in a frame of one label.

    Attributes:
        words: distinct label words, the one with most pairs first.
        pairs: distinct pairs of a salient word and a label word.
    """

    words: tuple[str, ...]
    pairs: int


@dataclass(frozen=True)
class Frame:
    """A frame found in text, as templates.

    Attributes:
        cloze: the frame behind the input and before it.
        prefix: the input, then the frame up to its slot; None where words follow the slot.
        support: distinct pairs that stand in it, of all labels.
        missed: pairs that each wording may lack, where counts had to be pruned; then the support is a lower
            bound.
        by_label: the same for each label.
        balance: in (0, 1]; see `balance_of`.
        score: what frames are ranked by before a PLM has seen them.
        merged: wordings that were counted with this one.
    """

    cloze: tuple[Template, ...]
    prefix: Template | None
    support: int
    missed: int
    by_label: tuple[LabelSupport, ...]
    balance: float
    score: float
    sightings: tuple[Sighting, ...] = ()
    merged: tuple[str, ...] = ()

    @property
    def words_by_label(self) -> tuple[tuple[str, ...], ...]:
        """The words of each label that were seen in the frame, for verbalizers."""
        return tuple(label.words for label in self.by_label)

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "templates": [str(template) for template in self.cloze],
            "prefix": None if self.prefix is None else str(self.prefix),
            "support": self.support,
            "each_wording_may_lack": self.missed,
            "by_label": [{"words": list(label.words), "pairs": label.pairs} for label in self.by_label],
            "balance": round(self.balance, 4),
            "score": round(self.score, 4),
            "examples": [sighting.record() for sighting in self.sightings],
            "merged": list(self.merged),
        }


def balance_of(rates: Sequence[float], needed: int) -> float:
    """How evenly labels stand in a frame: the `needed`-th highest rate over the highest.

    A label's rate is the share of all its pairs in the text that stand in the frame; with every label
    needed it is the lowest over the highest, 1 where the frame tells nothing of the label.
    """
    ranked = sorted(rates, reverse=True)
    return ranked[needed - 1] / ranked[0] if ranked[0] else 0.0


def top_frames(
    counts: Counts,
    counter: FrameCounter,
    *,
    fields: Sequence[str] = ("text",),
    sources: Sequence[str] = (),
    least: int = 1,
    balance: float = 0.05,
    share_of_labels: float = 1.0,
    most: int | None = None,
    examples: int = 3,
) -> list[Frame]:
    """The best frames, best first.

    The score is balance * log2(1 + s), with s the support of the least supported label that is needed: a
    frame is worth as much as the label that stands in it least. At least one label must be seen with two
    words where any has two, or a pair of set phrases would do ("thumbs up", "thumbs down"). A frame that is
    a longer one cut off at its beginning gives way to it, see `tails`.

    Args:
        counter: what counted.
        fields: the task's fields, in the order in which a template reads them.
        sources: names of the corpus's sources.
        least: distinct words of each label that a frame must be found with.
        balance: frames below this are dropped.
        share_of_labels: the share of the labels that a frame must hold for; all, unless there are many.
        most: number of frames.
        examples: sentences to show for each.
    """
    needed = max(2, math.ceil(share_of_labels * counter.labels - 1e-9))
    totals = Counter(label for label, _ in counts.together)
    frames: dict[Outlined, Frame] = {}
    seen_in: dict[Outlined, _Seen] = {}
    for core, wordings, seen in _merged(counts.seen, counter.words):
        by_label = _by_label(seen, counter)
        if not _has_words(by_label, counter, least, needed):
            continue
        rates = [label.pairs / totals[i] if totals[i] else 0.0 for i, label in enumerate(by_label)]
        even = balance_of(rates, needed)
        if even < balance:
            continue
        cloze, prefix = templates_of(wordings[0], fields)
        seen_in[core] = seen
        frames[core] = Frame(
            cloze,
            prefix,
            len(seen),
            counts.missed,
            by_label,
            even,
            _score(by_label, even, needed),
            _sightings(seen, counts, counter, sources, examples),
            tuple(wordings[1:]),
        )
    whole = [frames[core] for core in frames.keys() - tails(seen_in)]
    whole.sort(key=lambda frame: (-frame.score, -frame.support, str(frame.cloze[0])))
    return whole[:most]


def _has_words(by_label: Sequence[LabelSupport], counter: FrameCounter, least: int, needed: int) -> bool:
    """Whether `needed` labels have `least` words in a frame, and one has two where any label has a choice."""
    if sum(len(label.words) >= least for label in by_label) < needed:
        return False
    has_choice = len(counter.answers) > counter.labels
    return not has_choice or any(len(label.words) >= 2 for label in by_label)


def _score(by_label: Sequence[LabelSupport], even: float, needed: int) -> float:
    """balance * log2(1 + s), see `top_frames`."""
    support = sorted((label.pairs for label in by_label), reverse=True)[needed - 1]
    return even * math.log2(1 + support)


def templates_of(text: str, fields: Sequence[str]) -> tuple[tuple[Template, ...], Template | None]:
    """A frame as cloze templates, and as a prefix template where no word follows the slot.

    Args:
        text: the frame, with its slot, braces doubled.
        fields: read in this order, each on its own line.
    """
    left, right = (half.replace("{{", "{").replace("}}", "}") for half in halves(text))
    # A PLM in two directions expects a sentence to end.
    end = "" if right.rstrip()[-1:] in (".", "!", "?", "…") else "."
    inputs: list[Piece] = []
    for name in fields:
        inputs += [Text("\n" * bool(inputs)), Field(name)]
    frame: tuple[Piece, ...] = (Text(left), Mask(), Text(right + end))
    cloze = (Template((*inputs, Text(" "), *frame)), Template((*frame, Text(" "), *inputs)))
    if any(character.isalnum() for character in right):
        return cloze, None
    return cloze, Template((*inputs, Text(f" {left}"), Mask()))


def _merged(
    seen: Mapping[Key, Mapping[Pair, Place]], words: Words
) -> list[tuple[Outlined, list[str], _Seen]]:
    """Frames that differ in case, accents, articles or punctuation as one, its commonest wording first.

    Fragments of clauses, such as "thought it was", are added to the frame of their words unless few clauses
    consist of it: else they would count for more than what they were cut from.
    """
    alike: dict[Outlined, list[Key]] = defaultdict(list)
    for key in seen:
        if core := _core(key.text, words):
            alike[core].append(key)
    merged = []
    for core, keys in alike.items():
        standing = [key for key in keys if key.group == STANDING]
        if not standing:
            continue
        standing.sort(key=lambda key: (-len(seen[key]), len(key.text), key.text))
        pairs: _Seen = {}
        for key in standing:
            _add(pairs, key, seen[key])
        every = dict(pairs)
        for key in keys:
            if key.group == FRAGMENT:
                _add(every, key, seen[key])
        wordings = list(dict.fromkeys(key.text for key in standing))
        merged.append((core, wordings, every if len(pairs) >= _STANDING_SHARE * len(every) else pairs))
    return merged


def _add(known: _Seen, key: Key, places: Mapping[Pair, Place]) -> None:
    for pair, place in places.items():
        before = known.get(pair)
        if before is None or (place, key.text) < before:
            known[pair] = place, key.text


def _core(text: str, words: Words) -> Outlined | None:
    """What frames that are too alike have in common; None for nothing but articles.

    A question is not like a statement, nor "this is a …" like "this is …", where another sort of word ends
    the clause.
    """
    left, right = ([word for word in words.of(half.lower()) if word[0].isalnum()] for half in halves(text))
    noun = not right and bool(left) and left[-1] in ARTICLES
    bare_left, bare_right = (tuple(w for w in half if w not in ARTICLES) for half in (left, right))
    return (bare_left, bare_right, noun, text.endswith("?")) if bare_left or bare_right else None


def _by_label(seen: _Seen, counter: FrameCounter) -> tuple[LabelSupport, ...]:
    of_word = Counter(y for _, y in seen)
    by_label: list[list[int]] = [[] for _ in range(counter.labels)]
    for y in sorted(of_word, key=lambda y: (-of_word[y], y)):
        by_label[counter.label_of[y]].append(y)
    return tuple(
        LabelSupport(tuple(counter.answers[y] for y in ys), sum(of_word[y] for y in ys)) for ys in by_label
    )


def _sightings(
    seen: _Seen, counts: Counts, counter: FrameCounter, sources: Sequence[str], most: int
) -> tuple[Sighting, ...]:
    """The first sentences, each once."""
    first: dict[str, tuple[Place, str]] = {}
    for place, text in sorted(seen.values()):
        first.setdefault(place.sentence, (place, text))
        if len(first) == most:
            break
    return tuple(
        Sighting(
            sources[place.source] if place.source < len(sources) else str(place.source),
            counts.line_of(place),
            place.sentence,
            place.x,
            place.y,
            _span(place, text, counter),
        )
        for place, text in first.values()
    )


def _span(place: Place, text: str, counter: FrameCounter) -> tuple[int, int]:
    """Where a frame stands in its sentence."""
    around = outlines(place.sentence, clauses(place.sentence), place.y, counter.longest, counter.right)
    return next((o.start, o.end) for o in around if o.text == text)
