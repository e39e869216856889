"""Label names and what knowledge bases make of them: words of each label, none shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from promptsearch.errors import KnowledgeError
from promptsearch.knowledge.base import KnowledgeBase, RelatedWord
from promptsearch.knowledge.lexicon import Lexicon
from promptsearch.knowledge.lists import WordLists
from promptsearch.knowledge.roles import normal_name
from promptsearch.tasks.task import Task
from promptsearch.verbalizer import Verbalizer

# Words of a label that its neighbours in embedding space are sought of, besides its name.
_FIRST = 8

_ALIKE = "The label {!r} has the name of another label; its number is said with it."


@dataclass(frozen=True)
class Dropped:
    """A word that was taken out, and why."""

    label: str
    word: str
    reason: str


@dataclass(frozen=True)
class LabelWords:
    """Words of each label in the task's order, the nearest first; a label's first word is its name.

    Attributes:
        words: of each label.
        dropped: what was taken out so far.
        notes: what a reader must know, in sentences.
    """

    words: tuple[tuple[RelatedWord, ...], ...]
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def flat(self) -> list[tuple[int, RelatedWord]]:
        """Every word with the number of its label."""
        return [(label, related) for label, words in enumerate(self.words) for related in words]


@dataclass(frozen=True)
class LabelName:
    """A label's name as an answer, and the words that knowledge bases start from."""

    word: str
    seeds: tuple[str, ...]
    notes: tuple[str, ...] = ()


def label_names(task: Task, names: Verbalizer | None = None) -> list[LabelName]:
    """How each label of the task is said, and its seeds.

    A name that the lexicon knows but that is none of its words is said by the first of them (`Sci/Tech`:
    technology). A name without letters (2, `*`) is said by the words of `names`.

    Args:
        names: label words that a person would write.
    """
    lexicon = Lexicon.for_labels(task.label_names)
    found = []
    for i, shown in enumerate(task.label_names):
        seeds = lexicon.seeds_of(shown)
        entry = lexicon.entry_for(shown)
        word = normal_name(shown)
        if entry is not None and word not in entry.words:
            word = entry.main[0]
        notes: tuple[str, ...] = ()
        if not seeds:
            given = tuple(answer.text for answer in names.answers[i]) if names else ()
            word, seeds = (given or (word,))[0], given
            said = (
                f"its words start from {', '.join(given[:4])}"
                if given
                else "knowledge bases say nothing of it"
            )
            notes = (f"The label {shown!r} is no word: {said}.",)
        found.append(LabelName(word, seeds, notes))
    return _apart(found, task)


def _apart(found: list[LabelName], task: Task) -> list[LabelName]:
    """Labels that would be said alike are said as they stand; if that is alike too, with their number."""
    said = [name.word.casefold() for name in found]
    plain = [
        replace(name, word=normal_name(task.label_names[i])) if said.count(said[i]) > 1 else name
        for i, name in enumerate(found)
    ]
    said = [name.word.casefold() for name in plain]
    return [
        replace(name, word=f"{name.word} {i + 1}", notes=(*name.notes, _ALIKE.format(task.label_names[i])))
        if said.count(said[i]) > 1
        else name
        for i, name in enumerate(plain)
    ]


def expand(
    names: Sequence[LabelName],
    bases: Sequence[KnowledgeBase],
    shown: Sequence[str],
    context: Sequence[str] = (),
    per_base: int = 150,
    lenient: bool = False,
) -> LabelWords:
    """Words of each label from every knowledge base, the name in front, then the bases in their order.

    Distances of different knowledge bases cannot be compared, so an earlier base goes before a later one:
    also where several labels would have a word, which goes to the one that is nearest to it by the earliest
    base. A label whose words would all go keeps its name.

    Args:
        names: of each label.
        bases: the most trusted first; the words of earlier ones are seeds for `neighbours`.
        shown: names of the labels for messages.
        context: texts that tell which sense of a name is meant.
        per_base: words taken of one knowledge base for a label.
        lenient: pass over a knowledge base whose files are damaged, and say so.

    Raises:
        KnowledgeError: a knowledge base cannot be read, unless `lenient`.
    """
    notes = [note for name in names for note in name.notes]
    ranked: list[dict[str, _Ranked]] = []
    usable = list(bases)
    for i, (name, label) in enumerate(zip(names, shown)):
        try:
            own, unknown = _words_of(i, name, usable, context, per_base)
        except _Unusable as failed:
            if not lenient:
                raise failed.error from None
            usable.remove(failed.base)
            rest = expand(names, usable, shown, context, per_base, lenient)
            note = f"{failed.base.name} was left out: {failed.error.message}."
            return LabelWords(rest.words, rest.dropped, (note, *rest.notes))
        notes += [f"{base} has nothing for {label!r}." for base in unknown if name.seeds]
        ranked.append(own)
    words, dropped = _unshared(names, ranked, shown)
    for label, left, before in zip(shown, words, ranked):
        if before and len(left) == 1:
            notes.append(f"Every word for {label!r} is nearer to another label; its name stays.")
    return LabelWords(tuple(words), tuple(dropped), tuple(dict.fromkeys(notes)))


@dataclass(frozen=True)
class _Ranked:
    """A word with its place: the number of its knowledge base, then the distance there."""

    place: tuple[int, float]
    related: RelatedWord


class _Unusable(Exception):
    """A knowledge base failed."""

    def __init__(self, base: KnowledgeBase, error: KnowledgeError) -> None:
        super().__init__(error.message)
        self.base = base
        self.error = error


def _related(
    label: int, base: KnowledgeBase, seeds: Sequence[str], context: Sequence[str]
) -> Sequence[RelatedWord]:
    """Words of a knowledge base; lists name the label itself, whatever it is called."""
    if isinstance(base, WordLists):
        return base.words_of(label)
    try:
        return base.expand(seeds, context)
    except KnowledgeError as error:
        raise _Unusable(base, error) from error


def _words_of(
    label: int, name: LabelName, bases: Sequence[KnowledgeBase], context: Sequence[str], per_base: int
) -> tuple[dict[str, _Ranked], list[str]]:
    """Words of one label by their casefolded spelling, and the bases that have none."""
    own = {
        seed.casefold(): _Ranked((0, 0.0), RelatedWord(seed, "name", 0.0, "label", seed=seed))
        for seed in name.seeds
    }
    unknown: list[str] = []
    for number, base in enumerate(bases, start=1):
        related = _related(label, base, _seeds(name, own, base), context)[:per_base]
        if not related:
            unknown.append(base.name)
        for word in related:
            own.setdefault(word.word.casefold(), _Ranked((number, word.distance), word))
    own.pop(name.word.casefold(), None)
    return own, unknown


def _seeds(name: LabelName, own: Mapping[str, _Ranked], base: KnowledgeBase) -> Sequence[str]:
    if base.name != "neighbours":
        return name.seeds
    # One name is a thin start in embedding space; its first words elsewhere say what is meant.
    first = sorted(own.values(), key=lambda ranked: ranked.place)[:_FIRST]
    return tuple(dict.fromkeys([name.word, *name.seeds, *(ranked.related.word for ranked in first)]))


def owners(places: Sequence[Mapping[str, tuple[float, float]]]) -> dict[str, int]:
    """Which label each word is left to: the one in which its place is first, of equals the earlier label.

    Args:
        places: for each label, place of its words; smaller goes first.
    """
    best: dict[str, tuple[tuple[float, float], int]] = {}
    for label, words in enumerate(places):
        for word, place in words.items():
            best[word] = min(best.get(word, (place, label)), (place, label))
    return {word: label for word, (_, label) in best.items()}


def _unshared(
    names: Sequence[LabelName], ranked: Sequence[Mapping[str, _Ranked]], shown: Sequence[str]
) -> tuple[list[tuple[RelatedWord, ...]], list[Dropped]]:
    """Each word left to one label; a label's own name is no other label's word."""
    own_names = [{name.word.casefold(): (-1, 0.0)} for name in names]
    owner = owners(
        [{key: word.place for key, word in words.items()} | own for words, own in zip(ranked, own_names)]
    )
    kept: list[tuple[RelatedWord, ...]] = []
    dropped: list[Dropped] = []
    for i, (name, words) in enumerate(zip(names, ranked)):
        mine = [RelatedWord(name.word, "name", 0.0, "label", seed=name.word)]
        for key, word in sorted(words.items(), key=lambda item: item[1].place):
            other = owner[key]
            if other == i:
                mine.append(word.related)
            else:
                dropped.append(Dropped(shown[i], word.related.word, f"nearer to {shown[other]!r}"))
        kept.append(tuple(mine))
    return kept, dropped
