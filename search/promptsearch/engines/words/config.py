"""What the engine is asked to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from promptsearch.engines.words.chain import REFINEMENTS
from promptsearch.errors import OptionError, near_matches
from promptsearch.knowledge.vocabulary import WordFilter

WITHOUT_LABELS = ("expanded", "neighbours")
WITH_LABELS = ("probe", "likelihood", "ratio", "cross-entropy", "subset", "soft", "prototypes", "nearest")
METHODS = (*WITHOUT_LABELS, *WITH_LABELS)
KNOWLEDGE = ("lexicon", "wordnet", "neighbours")


@dataclass(frozen=True)
class WordsConfig:
    """How label words are searched.

    Attributes:
        methods: names in `METHODS`; `expanded` is knowledge-base expansion with its refinements.
        knowledge: names of knowledge bases, or files of word lists. By default the lexicon, WordNet where it
            is on this machine, and the PLM's embedding neighbours.
        refine: names in `REFINEMENTS`.
        per_label: words a label that methods other than `expanded` find.
        per_base: words a label taken of one knowledge base.
        frequent: share of the words that the refinement `frequency` keeps.
        most_texts: texts of train that are searched on, and others without labels besides.
        spans: words of several tokens a label.
        shared: whether a word may stand for several labels.
        allowed: which words of the vocabulary may be label words.
        wordnet: folder with WordNet's files, if not one of the usual.
        conceptnet: file of ConceptNet's assertions, if not one of the usual.
        relations: ConceptNet's relations to follow, with the factors of their weights; None takes its own.
        depth: steps through WordNet and ConceptNet; None takes each one's own.
    """

    methods: tuple[str, ...] = METHODS
    knowledge: tuple[str, ...] | None = None
    refine: tuple[str, ...] = REFINEMENTS
    per_label: int = 20
    per_base: int = 100
    frequent: float = 0.9
    most_texts: int = 1000
    spans: int = 0
    shared: bool = False
    allowed: WordFilter = field(default_factory=WordFilter)
    wordnet: Path | None = None
    conceptnet: Path | None = None
    relations: Mapping[str, float] | None = None
    depth: int | None = None

    def __post_init__(self) -> None:
        check_names("method", self.methods, METHODS)
        check_names("refinement", self.refine, REFINEMENTS)
        if self.per_label < 1 or self.per_base < 1 or self.most_texts < 1 or self.spans < 0:
            raise OptionError("numbers of words must be 1 or more")
        if not 0 < self.frequent <= 1:
            raise OptionError(f"the share of frequent words must lie in (0, 1], not {self.frequent}")


def check_names(what: str, names: Iterable[str], known: tuple[str, ...]) -> None:
    """Refuse a name that is not known, with the nearest that is.

    Raises:
        OptionError: naming it.
    """
    for name in names:
        if name not in known:
            near = near_matches(name, known, most=1)
            meant = f"Did you mean {near[0]}? " if near else ""
            raise OptionError(f"there is no {what} {name!r}", hint=f"{meant}There are {', '.join(known)}.")
