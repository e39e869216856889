"""Label names and what knowledge bases make of them: words of each label, none shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promptsearch.knowledge.base import KnowledgeBase, RelatedWord
from promptsearch.knowledge.lexicon import Lexicon
from promptsearch.knowledge.roles import normal_name
from promptsearch.tasks.task import Task
from promptsearch.verbalizer import Verbalizer


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

    A name that the lexicon knows is said by the lexicon's first word for it (`Sci/Tech`: technology). A name
    without letters (2, `*`) is said by the words of `names`.

    Args:
        names: label words that a person would write.
    """
    lexicon = Lexicon.for_labels(task.label_names)
    found = []
    for i, shown in enumerate(task.label_names):
        seeds = lexicon.seeds_of(shown)
        entry = lexicon.entry_for(shown)
        word = entry.main[0] if entry else normal_name(shown)
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
    """Labels that would be said alike are said as they stand."""
    said = [name.word.casefold() for name in found]
    return [
        LabelName(normal_name(task.label_names[i]), name.seeds, name.notes)
        if said.count(said[i]) > 1
        else name
        for i, name in enumerate(found)
    ]


def expand(
    names: Sequence[LabelName],
    bases: Sequence[KnowledgeBase],
    shown: Sequence[str],
    context: Sequence[str] = (),
    per_base: int = 150,
) -> LabelWords:
    """Words of each label from every knowledge base, nearest first, the name in front.

    A word that several labels would have goes to the label it is nearest to. A label whose words would all
    go keeps its name.

    Args:
        names: of each label.
        bases: asked one after another; the words of earlier ones are seeds for `neighbours`.
        shown: names of the labels for messages.
        context: texts that tell which sense of a name is meant.
        per_base: words taken of one knowledge base for a label.
    """
    merged: list[dict[str, RelatedWord]] = []
    notes = [note for name in names for note in name.notes]
    for name, label in zip(names, shown):
        own: dict[str, RelatedWord] = {}
        for base in bases:
            seeds = _seeds(name, own, base)
            related = base.expand(seeds, context)[:per_base]
            if not related and name.seeds:
                notes.append(f"{base.name} has nothing for {label!r}.")
            for word in related:
                known = own.get(word.word.casefold())
                if known is None or word.distance < known.distance:
                    own[word.word.casefold()] = word
        for seed in name.seeds:
            own[seed.casefold()] = RelatedWord(seed, "name", 0.0, "label", seed=seed)
        own.pop(name.word.casefold(), None)
        merged.append(own)
    words, dropped = _unshared(names, merged, shown)
    for label, left, before in zip(shown, words, merged):
        if before and len(left) == 1:
            notes.append(f"Every word for {label!r} is nearer to another label; its name stays.")
    return LabelWords(tuple(words), tuple(dropped), tuple(dict.fromkeys(notes)))


def _seeds(name: LabelName, own: Mapping[str, RelatedWord], base: KnowledgeBase) -> Sequence[str]:
    if base.name != "neighbours":
        return name.seeds
    # One name is a thin start in embedding space; its first listed words say what is meant.
    first = sorted(own.values(), key=lambda related: related.distance)[:8]
    return tuple(dict.fromkeys([name.word, *name.seeds, *(related.word for related in first)]))


def _unshared(
    names: Sequence[LabelName], merged: Sequence[Mapping[str, RelatedWord]], shown: Sequence[str]
) -> tuple[list[tuple[RelatedWord, ...]], list[Dropped]]:
    taken = {name.word.casefold(): i for i, name in enumerate(names)}
    owner: dict[str, tuple[float, int]] = {}
    for i, words in enumerate(merged):
        for key, related in words.items():
            owner[key] = min(owner.get(key, (related.distance, i)), (related.distance, i))
    kept: list[tuple[RelatedWord, ...]] = []
    dropped: list[Dropped] = []
    for i, (name, words) in enumerate(zip(names, merged)):
        mine = [RelatedWord(name.word, "name", 0.0, "label", seed=name.word)]
        for key, related in sorted(words.items(), key=lambda item: item[1].distance):
            other = taken[key] if key in taken else owner[key][1]
            if other == i:
                mine.append(related)
            else:
                dropped.append(Dropped(shown[i], related.word, f"nearer to {shown[other]!r}"))
        kept.append(tuple(mine))
    return kept, dropped
