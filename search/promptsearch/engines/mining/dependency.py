"""Mining along dependency paths: templates with words on either side of the two names.

Where the words that tell of a relation stand outside the two names, as in `The capital of France is Paris`,
the words between say little. The second miner of LPAQA (Jiang et al. 2020, section 3.1) parses the sentence,
takes the shortest path between the two names in the tree of dependencies, and makes a template of all that
stands from the leftmost to the rightmost word of the path: here `capital of X is Y`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple, Protocol

from promptsearch.corpus import SegmentText
from promptsearch.engines.mining.counts import Counts, Key, Pair, Place
from promptsearch.engines.mining.facts import FactCounter, _bits, _Meeting
from promptsearch.engines.mining.paths import is_path, joined_text, split_text
from promptsearch.engines.mining.patterns import Pattern, simplified
from promptsearch.engines.mining.words import composed
from promptsearch.errors import OptionError

_BLANKS = re.compile(r"\s+")
# Parts of a pipeline that a path does not need.
_UNUSED = ("ner", "lemmatizer", "tagger", "attribute_ruler", "morphologizer", "textcat")

Span = tuple[int, int]
"""First character and one past the last."""


class Parse(NamedTuple):
    """A parsed sentence.

    Attributes:
        starts, ends: (n,) first character of each token and one past its last.
        heads: (n,) number of the token that each depends on; a root depends on itself.
    """

    starts: Sequence[int]
    ends: Sequence[int]
    heads: Sequence[int]


class Parser(Protocol):
    """Parses sentences; other processes get a copy of it."""

    def __call__(self, sentences: Sequence[str]) -> Iterable[Parse]:
        """A parse of each sentence, in their order."""
        ...


@dataclass(frozen=True)
class SpacyParser:
    """A dependency parser of spaCy, loaded once in each process when it is first used.

    Attributes:
        model: name of an installed pipeline, or its folder.
        batch: sentences parsed together.
    """

    model: str = "en_core_web_sm"
    batch: int = 256

    def check(self) -> None:
        """Load the parser.

        Raises:
            OptionError: spaCy or the pipeline is not installed, or the pipeline has no parser.
        """
        _pipeline(self.model)

    def __call__(self, sentences: Sequence[str]) -> Iterator[Parse]:
        """A parse of each sentence, in their order.

        Raises:
            OptionError: see `check`.
        """
        for doc in _pipeline(self.model).pipe(sentences, batch_size=self.batch):
            starts = [token.idx for token in doc]
            ends = [start + len(token) for start, token in zip(starts, doc)]
            yield Parse(starts, ends, [token.head.i for token in doc])


@dataclass(frozen=True)
class DependencyCounter:
    """Counts what stands around known pairs, as far as the dependency path between them reaches.

    A path's text is counted as the words between are, once for each distinct pair, under a `Key` whose text
    `split_text` takes apart. A path that stays between the names gives the same template as the words
    between, so it is counted only where those are not.

    Only sentences with a near pair of a relation are parsed. Names there that do not belong together are
    counted under `-1 - relation`, as `FactCounter` does; sentences with nothing but such names are parsed on
    demand, since there can be more of them than of the others.

    Attributes:
        facts: finds the names, and says how many words may stand between them.
        reach: words and punctuation marks of a template, the two names not counted.
        longest: words of a sentence that is worth parsing.
        middles: whether the words between are counted too, in the same run.
        all_others: whether sentences with names that do not belong together are parsed too.
    """

    facts: FactCounter
    parser: Parser = SpacyParser()
    reach: int = 10
    longest: int = 100
    middles: bool = True
    all_others: bool = False

    def count(self, text: SegmentText, source: int = 0, segment: int = 0) -> Counts:
        """The counts of one segment of a corpus.

        Raises:
            OptionError: there is no parser, see `SpacyParser`.
        """
        counts = self.facts.count(text, source, segment)
        if not self.middles:
            counts.seen.clear()
        chosen: list[tuple[str, tuple[int, int, int, int], list[_Meeting]]] = []
        for number, (line, sentence) in enumerate(text.sentences):
            sentence = composed(sentence)
            if met := self._met(sentence, counts):
                chosen.append((sentence, (source, segment, number, line), met))
        if chosen:
            parses = self.parser([sentence for sentence, _, _ in chosen])
            for (sentence, at, met), parse in zip(chosen, parses, strict=True):
                self._see(counts, met, sentence, at, parse)
        return counts

    def _met(self, sentence: str, counts: Counts) -> list[_Meeting]:
        """Names that meet near enough; none if the sentence is not to be parsed."""
        words = self.facts.words.of(sentence)
        if len(words) > self.longest:
            return []
        found = self.facts.finder.find(words)
        met = self.facts._met(found, counts) if len(found) > 1 else []
        return met if self.all_others or any(held for _, _, held, _ in met) else []

    def _see(
        self,
        counts: Counts,
        met: Sequence[_Meeting],
        sentence: str,
        at: tuple[int, int, int, int],
        parse: Parse,
    ) -> None:
        starts, ends = self.facts.words.starts_and_ends(sentence)
        nowhere = Place(*at, "", (0, 0), (0, 0))
        for subject, object_, held, others in met:
            x = starts[subject[0]], ends[subject[1] - 1]
            y = starts[object_[0]], ends[object_[1] - 1]
            parts = parts_of(sentence, parse, *sorted((x, y)))
            if parts is None or (self.middles and not (parts[0] or parts[2])):
                continue
            if len(self.facts.words.of(" ".join(parts))) > self.reach:
                continue
            order, text = int(x > y), joined_text(*parts)
            pair = self.facts.entity(subject[2]), self.facts.entity(object_[2])
            for relation in _bits(held):
                counts.see(Key(relation, order, text), pair, Place(*at, sentence, x, y))
            for relation in _bits(others):
                counts.see(Key(-1 - relation, order, text), pair, nowhere)


def path_patterns(
    seen: Mapping[Key, Mapping[Pair, Place]], groups: Set[int]
) -> dict[Pattern, dict[Pair, Place]]:
    """The paths of some groups as patterns, each with its pairs and the first place of each pair.

    Numbers and brackets are left out, as they are from the words between; wordings that are then equal count
    together. A pattern begins with a capital.
    """
    found: dict[Pattern, dict[Pair, Place]] = {}
    for key, places in seen.items():
        if key.group not in groups or not is_path(key.text):
            continue
        left, middle, right = map(simplified, split_text(key.text))
        left, right = (part if part.strip() else "" for part in (left, right))
        known = found.setdefault(Pattern(key.order, left[:1].upper() + left[1:], middle, right), {})
        for pair, place in places.items():
            if pair not in known or place < known[pair]:
                known[pair] = place
    return found


def parts_of(sentence: str, parse: Parse, first: Span, last: Span) -> tuple[str, str, str] | None:
    """The text left of, between and right of two names, from the leftmost to the rightmost word of the path.

    None where the names do not hang together: the parser took them for two sentences. Each run of blanks
    becomes one space.
    """
    # The path from any token of a name leads through the name's head.
    start, end = _first_token(parse, first), _first_token(parse, last)
    path = None if start is None or end is None else path_between(parse.heads, start, end)
    if path is None:
        return None
    # Tokens that are part of a name, or hold a part of it, are the name's.
    begin = min((parse.starts[i] for i in path if parse.ends[i] <= first[0]), default=first[0])
    stop = max((parse.ends[i] for i in path if parse.starts[i] >= last[1]), default=last[1])
    left, middle, right = (
        _BLANKS.sub(" ", sentence[a:b]) for a, b in ((begin, first[0]), (first[1], last[0]), (last[1], stop))
    )
    return left, middle, right


def path_between(heads: Sequence[int], a: int, b: int) -> list[int] | None:
    """The tokens of the path from `a` up to the first that both depend on, then down to `b`.

    None where there is no such token.
    """
    up, down = _upwards(heads, a), _upwards(heads, b)
    for steps, token in enumerate(up):
        if token in down:
            return [*up[: steps + 1], *reversed(down[: down.index(token)])]
    return None


def _upwards(heads: Sequence[int], token: int) -> list[int]:
    """The token, the one it depends on, and so on up to the root."""
    chain = [token]
    while heads[token] != token:
        token = heads[token]
        chain.append(token)
    return chain


def _first_token(parse: Parse, name: Span) -> int | None:
    """The first token that holds some of a name."""
    return next((i for i, end in enumerate(parse.ends) if end > name[0] and parse.starts[i] < name[1]), None)


@cache
def _pipeline(model: str) -> Any:
    """A spaCy pipeline with a parser, once a process."""
    try:
        spacy = import_module("spacy")
    except ImportError as error:
        raise OptionError(
            "mining along dependency paths needs spaCy, which is not installed",
            hint="Run: pip install 'promptsearch[parser]', then: python -m spacy download en_core_web_sm",
        ) from error
    try:
        pipeline = spacy.load(model, exclude=list(_UNUSED))
    except (OSError, ValueError) as error:
        installed = ", ".join(sorted(spacy.util.get_installed_models())) or "none"
        raise OptionError(
            f"spaCy cannot load a pipeline named {model!r}",
            where=" ".join(str(error).split()),
            hint=f"Run: python -m spacy download en_core_web_sm, or name a pipeline that is installed "
            f"({installed}) or its folder.",
        ) from error
    if "parser" not in pipeline.pipe_names:
        raise OptionError(
            f"the spaCy pipeline {model!r} has no dependency parser",
            where=f"It has {', '.join(pipeline.pipe_names) or 'nothing but a tokenizer'}.",
            hint="Name one that has, as en_core_web_sm: python -m spacy download en_core_web_sm",
        )
    return pipeline
