"""Text and pairs to measure mining on: a user's own, made-up ones, and more text of the same kind."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

from promptsearch.corpus import Corpus
from promptsearch.engines.mining.facts import FactCounter
from promptsearch.engines.mining.pairs import Fact, Pairs
from promptsearch.engines.mining.words import Words, composed
from promptsearch.errors import TaskError
from promptsearch.tasks import TREX_RELATIONS, Task, load_task, sample_relations

_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"
_VOCABULARY = 20_000
_RELATIONS, _PAIRS, _MIDDLES = 20, 500, 40
_WITH_PAIR = 0.7
Relations = Mapping[str, tuple[Fact, ...]]


@dataclass(frozen=True)
class Text:
    """A corpus on disk, one sentence a line.

    Attributes:
        path: a plain text file, or a folder of such.
        size: bytes, line ends included.
    """

    path: Path
    sentences: int
    size: int


def facts_of_task(name: str, *, stand_in: bool = True, offline: bool = False) -> dict[str, tuple[Fact, ...]]:
    """The train facts of all relations that a task's source holds.

    Args:
        name: the source (`lama`, `facts`), or a task of one of its relations (`facts:P19`).

    Raises:
        TaskError: it is unknown, or no source of facts.
        DataError: its data cannot be read.
    """
    task = _any_relation(name, stand_in, offline)
    if task.fact_source is None:
        raise TaskError(
            f"{name} is a task of kind {task.kind}, not of facts", hint="Take facts, lama or google-re."
        )
    relations = [
        (relation, [Fact(t.subject, t.object, t.subject_aliases, t.object_aliases) for t in triples])
        for relation, triples in task.fact_source.triples().items()
    ]
    return Pairs.of(relations, Words()).relations


def _any_relation(name: str, stand_in: bool, offline: bool) -> Task:
    """A task is one relation, but its source holds all: whichever there is will do."""
    try:
        return load_task(name, stand_in=stand_in, offline=offline)
    except TaskError as error:
        if ":" in name:
            raise
        for relation in sample_relations(name) or TREX_RELATIONS:
            try:
                return load_task(f"{name}:{relation}", stand_in=stand_in, offline=offline)
            except TaskError:
                continue
        raise error from None


def unpacked(place: Path, target: Path) -> Text:
    """A corpus as a plain file of one sentence a line, sentences split as `Corpus` does it.

    Compressed text cannot be cut into parts that processes read by themselves, and the plainer ways that
    promptsearch is compared with read lines.

    Raises:
        DataError: it cannot be read.
    """
    corpus = Corpus.of([place])
    with target.open("wb") as file:
        sentences = 0
        for segment in corpus.segments():
            lines = [" ".join(sentence.split()) for _, sentence in corpus.read(segment).sentences]
            file.writelines(line.encode() + b"\n" for line in lines)
            sentences += len(lines)
    return Text(target, sentences, target.stat().st_size)


def sample(text: Text, most: int, target: Path) -> Text:
    """At most so many sentences of a text, evenly spread over it."""
    step = max(1, -(-text.sentences // most))
    sentences = 0
    with text.path.open("rb") as source, target.open("wb") as file:
        for number, line in enumerate(source):
            if number % step == 0:
                file.write(line)
                sentences += 1
    return Text(target, sentences, target.stat().st_size)


# More text of the same kind -------------------------------------------------------------------------


def with_other_names(
    text: Text, relations: Relations, times: int, folder: Path, seed: int = 0
) -> tuple[Text, dict[str, tuple[Fact, ...]]]:
    """A text so many times as large, in as many files, and the facts that go with it.

    The first file is the text itself. In each other one every name of a fact, where it stands in a
    sentence, is another one: its last word goes on with two syllables, others in each file. The facts
    under those names are added to each relation. Written line by line.
    """
    counter = FactCounter.of(relations.values(), Words(), between=1)
    endings = _endings(times - 1, seed)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:03}.txt" for number in range(times)]
    with ExitStack() as stack:
        files = [stack.enter_context(path.open("wb")) for path in paths]
        with text.path.open(encoding="utf-8") as source:
            for line in source:
                sentence = composed(line.rstrip("\n"))
                files[0].write(line.encode())
                parts = _around_names(sentence, counter)
                for file, ending in zip(files[1:], endings):
                    file.write(f"{ending.join(parts)}\n".encode())
    larger = {
        name: (*facts, *(_renamed(fact, ending) for ending in endings for fact in facts))
        for name, facts in relations.items()
    }
    return Text(folder, times * text.sentences, sum(path.stat().st_size for path in paths)), larger


def _around_names(sentence: str, counter: FactCounter) -> list[str]:
    """The sentence, cut behind every name."""
    found = counter.finder.find(counter.words.of(sentence))
    _, ends = counter.words.starts_and_ends(sentence)
    cuts = [0, *(ends[end - 1] for _, end, _ in found), len(sentence)]
    return [sentence[a:b] for a, b in pairwise(cuts)]


def _renamed(fact: Fact, ending: str) -> Fact:
    return Fact(
        fact.subject.rstrip() + ending,
        fact.object.rstrip() + ending,
        tuple(name.rstrip() + ending for name in fact.subject_aliases),
        tuple(name.rstrip() + ending for name in fact.object_aliases),
    )


def _endings(n: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return rng.sample([a + b for a in _syllables() for b in _syllables()], n)


# A made-up text -------------------------------------------------------------------------------------


def made_up(sentences: int, target: Path, seed: int = 0) -> tuple[Text, dict[str, tuple[Fact, ...]]]:
    """A text of made-up words, and facts that it holds; the same for the same seed.

    The n-th word of a vocabulary is drawn with a chance in proportion to 1 / n (Zipf's law). Seven
    sentences of ten hold the two names of a fact, with a middle of the relation between them or, in one
    of four, any words.
    """
    rng = random.Random(seed)
    draw = _Vocabulary(rng)
    relations = {f"R{number}": tuple(_made_up_facts(rng)) for number in range(1, _RELATIONS + 1)}
    middles = {name: [draw.words(rng.randint(1, 5)) for _ in range(_MIDDLES)] for name in relations}
    names = list(relations)
    with target.open("w", encoding="utf-8", newline="\n") as file:
        for _ in range(sentences):
            left, right = draw.words(rng.randint(1, 8)), draw.words(rng.randint(1, 10))
            if rng.random() < _WITH_PAIR:
                name = rng.choice(names)
                fact = rng.choice(relations[name])
                middle = rng.choice(middles[name]) if rng.random() < 0.75 else draw.words(rng.randint(1, 8))
                right = f"{fact.subject} {middle} {fact.object} {right}"
            file.write(f"{left.capitalize()} {right}.\n")
    facts = Pairs.of(relations.items(), Words()).relations
    return Text(target, sentences, target.stat().st_size), facts


class _Vocabulary:
    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._words = list(dict.fromkeys(_word(rng, rng.randint(1, 4)) for _ in range(_VOCABULARY)))
        self._weights = list(accumulate(1 / n for n in range(1, len(self._words) + 1)))

    def words(self, n: int) -> str:
        return " ".join(self._rng.choices(self._words, cum_weights=self._weights, k=n))


def _made_up_facts(rng: random.Random) -> Iterator[Fact]:
    objects = [_name(rng, 1) for _ in range(_PAIRS // 10)]
    for _ in range(_PAIRS):
        yield Fact(_name(rng, rng.randint(1, 3)), rng.choice(objects))


def _name(rng: random.Random, words: int) -> str:
    return " ".join(_word(rng, 3).capitalize() for _ in range(words))


def _word(rng: random.Random, syllables: int) -> str:
    return "".join(rng.choice(_SYLLABLES) for _ in range(syllables))


def _syllables() -> Iterable[str]:
    return (a + b for a in _CONSONANTS for b in _VOWELS)


_SYLLABLES = tuple(_syllables())
