"""Knowledge bases by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from promptsearch.errors import OptionError, PromptSearchError, near_matches
from promptsearch.knowledge.base import KnowledgeBase
from promptsearch.verbalizer import Label

if TYPE_CHECKING:
    from promptsearch.knowledge.neighbours import Neighbours
    from promptsearch.plms.base import PLM


@dataclass(frozen=True)
class Sources:
    """What knowledge bases need to be opened; each takes what concerns it.

    Attributes:
        wordnet: folder with WordNet's files; looked for where None.
        conceptnet: file of ConceptNet's assertions; looked for where None.
        relations: ConceptNet's relations to follow, with the factors of their weights; None takes its own.
        depth: how many steps to go, in WordNet and ConceptNet; None leaves each its own default.
        plm: whose embeddings `neighbours` are sought in; called when it is needed.
        labels, label_names: the task's labels, for word lists that name them; else the lists' own labels.
        progress: told bytes read and bytes in all while an index is made.
    """

    wordnet: Path | None = None
    conceptnet: Path | None = None
    relations: Mapping[str, float] | None = None
    depth: int | None = None
    plm: Callable[[], PLM] | None = None
    labels: Sequence[Label] = ()
    label_names: Sequence[str] = ()
    progress: Callable[[int, int], None] | None = None


@dataclass(frozen=True)
class Availability:
    """Whether a knowledge base can be used now.

    Attributes:
        where: the place, or what is wrong.
        hint: what would do, where it cannot be used.
    """

    name: str
    usable: bool
    where: str
    hint: str | None = None


def knowledge_base(name: str, sources: Sources | None = None) -> KnowledgeBase:
    """The knowledge base of that name, or the word lists in the file of that name.

    Raises:
        OptionError: there is no knowledge base and no file of that name, or its sources lack what it needs.
        KnowledgeError: it is not on this machine, or its files are damaged.
    """
    given = sources or Sources()
    if name in _OPENERS:
        return _OPENERS[name](given)
    if Path(name).suffix or os.sep in name or Path(name).is_file():
        from promptsearch.knowledge.lists import WordLists

        path = Path(name).expanduser()
        if not given.labels:
            return WordLists.of_file(path)
        return WordLists.read(path, given.labels, given.label_names)
    near = near_matches(name, _OPENERS, most=1)
    raise OptionError(
        f"there is no knowledge base {name!r}",
        hint=(f"Did you mean {near[0]}? " if near else "")
        + f"Knowledge bases: {', '.join(_OPENERS)}; or a file of word lists, with its path.",
    )


def names() -> tuple[str, ...]:
    """Names of the knowledge bases."""
    return tuple(_OPENERS)


def available(sources: Sources | None = None) -> tuple[Availability, ...]:
    """Which knowledge bases can be used now. None is opened and nothing is fetched."""
    given = sources or Sources()
    return tuple(_availability(name, find, given) for name, find in _PLACES.items())


def _availability(name: str, find: Callable[[Sources], str], sources: Sources) -> Availability:
    try:
        return Availability(name, True, find(sources))
    except PromptSearchError as error:
        return Availability(name, False, error.message, error.hint)


def _lexicon(sources: Sources) -> KnowledgeBase:
    from promptsearch.knowledge.lexicon import Lexicon

    return Lexicon.for_labels(sources.label_names)


def _wordnet(sources: Sources) -> KnowledgeBase:
    from promptsearch.knowledge.wordnet import WordNet

    return (
        WordNet(sources.wordnet) if sources.depth is None else WordNet(sources.wordnet, depth=sources.depth)
    )


def _conceptnet(sources: Sources) -> KnowledgeBase:
    from promptsearch.knowledge.conceptnet import ConceptNet

    return ConceptNet(
        sources.conceptnet, sources.relations, depth=sources.depth or 1, progress=sources.progress
    )


def _neighbours(sources: Sources) -> KnowledgeBase:
    if sources.plm is None:
        raise OptionError(
            "`neighbours` are sought in the embeddings of a PLM, and none is named",
            hint="Name one: --plm minilm-mlm.",
        )
    return neighbours_of(sources.plm())


def neighbours_of(plm: PLM) -> Neighbours:
    """Embedding neighbours among the words of a PLM that are one token after a blank."""
    from promptsearch.knowledge.vocabulary import PLMWords, WordFilter
    from promptsearch.template import Template

    return PLMWords(plm, WordFilter()).in_slot(Template.parse("{text} {mask}")).neighbours


def _wordnet_place(sources: Sources) -> str:
    from promptsearch.knowledge.wordnet import find_folder

    return str(find_folder(sources.wordnet))


def _conceptnet_place(sources: Sources) -> str:
    from promptsearch.knowledge.conceptnet.locate import VARIABLE, index_path, open_index

    named = sources.conceptnet or os.environ.get(VARIABLE)
    if named is None:
        index = open_index(None, "en")
        place = str(index.path)
        index.close()
        return place
    path = Path(named).expanduser()
    made = index_path(path, "en").exists()
    return str(path) if made else f"{path} (its index is made at first use)"


_OPENERS: dict[str, Callable[[Sources], KnowledgeBase]] = {
    "lexicon": _lexicon,
    "wordnet": _wordnet,
    "conceptnet": _conceptnet,
    "neighbours": _neighbours,
}
_PLACES: dict[str, Callable[[Sources], str]] = {
    "lexicon": lambda _: "inside the package",
    "wordnet": _wordnet_place,
    "conceptnet": _conceptnet_place,
    "neighbours": lambda _: "in any PLM, for example --plm minilm-mlm",
}
