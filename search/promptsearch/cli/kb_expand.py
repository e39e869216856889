"""`promptsearch kb expand`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptsearch.cli import options, screen
from promptsearch.cli.options import value
from promptsearch.cli.taking import takes
from promptsearch.errors import KnowledgeError, OptionError
from promptsearch.showing import count, printable

if TYPE_CHECKING:
    from promptsearch.knowledge.base import KnowledgeBase
    from promptsearch.knowledge.merging import Merged
    from promptsearch.knowledge.registry import Sources
    from promptsearch.plms import PLM

_BY_DEFAULT = ("lexicon", "wordnet", "conceptnet")
_COLUMNS = ("word", "relation", "distance", "source")


@dataclass(frozen=True)
class _Sense:
    """A sense of WordNet that was taken for a seed."""

    seed: str
    words: str
    gloss: str

    @property
    def definition(self) -> str:
        """The gloss without its examples."""
        return self.gloss.partition('; "')[0]


@dataclass(frozen=True, kw_only=True)
class ExpandOptions:
    """What was given on the command line."""

    seeds: Annotated[
        list[str],
        typer.Argument(metavar="WORD...", help="A label's name, or words for it.", show_default=False),
    ]
    kb: Annotated[
        str | None,
        value(
            "--kb",
            metavar="LIST",
            help="Any of lexicon, wordnet, conceptnet, neighbours and files of word lists, with commas "
            "between (default: the first three, as far as they are here).",
        ),
    ] = None
    context: Annotated[
        list[str] | None,
        value(
            "--context",
            metavar="TEXT|@FILE",
            help="A description, or a file of texts, that tells which sense is meant; may be repeated.",
        ),
    ] = None
    wordnet: options.WordNetFolder = None
    conceptnet: options.ConceptNetFile = None
    relations: options.Relations = None
    depth: Annotated[
        int | None,
        value(
            "--depth",
            metavar="N",
            min=1,
            max=5,
            help="How many steps to go. (default: WordNet 2, ConceptNet 1)",
        ),
    ] = None
    plm: Annotated[
        str, value("--plm", metavar="NAME", help="Whose embeddings give neighbours.", default=True)
    ] = "minilm-mlm"
    limit: Annotated[
        int, value("--limit", metavar="N", min=1, help="Show the nearest so many words.", default=True)
    ] = 50
    json: options.Json = False
    quiet: options.Quiet = False

    @property
    def sources(self) -> Sources:
        """What the knowledge bases read.

        Raises:
            OptionError: a factor is no number.
        """
        from promptsearch.knowledge.registry import Sources

        return Sources(
            wordnet=self.wordnet,
            conceptnet=self.conceptnet,
            relations=options.parse_factors(self.relations),
            depth=self.depth,
            plm=lambda: _plm(self.plm),
        )


@takes(ExpandOptions)
def command(**values: Any) -> None:
    """Show words related to a label's name, with relation, distance and source.

    Of several knowledge bases, the nearest word of each comes first, then the second nearest of each.
    """
    from promptsearch.knowledge.merging import expand_together
    from promptsearch.knowledge.registry import knowledge_base

    given = ExpandOptions(**values)
    seeds = list(dict.fromkeys(map(_seed, given.seeds)))
    around = _texts(given.context or ())
    sources = given.sources
    with screen.watching(given.quiet or given.json):
        bases = [knowledge_base(name, sources) for name in _names(given.kb, sources)]
        found = expand_together(seeds, bases, around)
        senses = _senses(seeds, bases, around)
    asked = ", ".join(base.name for base in bases)
    if not found.words:
        raise KnowledgeError(
            f"nothing related to {', '.join(map(repr, seeds))} was found in {asked}",
            hint="Try another word for it, or another knowledge base: `promptsearch kb list`.",
        )
    if given.json:
        screen.print_json(_record(seeds, found, senses, given.limit))
        return
    if not given.quiet:
        for seed in found.unknown:
            screen.show_notice(f"nothing related to {seed!r} was found in {asked}")
        for sense in senses:
            screen.show_notice(f"{sense.seed} in WordNet: {sense.words} ({sense.definition})")
    _show(found, given.limit, with_seeds=len(seeds) > 1)
    if not given.quiet and len(found.words) > given.limit:
        screen.show_notice(f"{count(given.limit, 'word')} of {len(found.words):,}; --limit shows more")


def _seed(text: str) -> str:
    seed = " ".join(text.split())
    if not seed:
        raise OptionError("a word to expand is empty", hint="For example: promptsearch kb expand sports")
    return seed


def _names(given: str | None, sources: Sources) -> list[str]:
    """The knowledge bases to ask, in order."""
    if given is None:
        from promptsearch.knowledge.registry import available

        named = {"wordnet": sources.wordnet, "conceptnet": sources.conceptnet}
        rows = [row for row in available(sources) if row.name in _BY_DEFAULT]
        return [row.name for row in rows if row.usable or named.get(row.name)]
    if not given.strip(" ,"):
        raise OptionError("--kb names no knowledge base", hint="For example --kb wordnet,lexicon.")
    return list(dict.fromkeys(options.listed(given) or ()))


def _texts(context: Sequence[str]) -> list[str]:
    """Texts as given, or those of the file behind `@`."""
    from promptsearch.cli.texts import from_file

    found: list[str] = []
    for entry in context:
        if entry.startswith("@"):
            found += map(str, from_file(Path(entry[1:]).expanduser(), ["text"], None))
        else:
            found.append(entry)
    return found


def _plm(reference: str) -> PLM:
    from promptsearch.plms import load_plm

    return load_plm(reference, cache=False)


def _senses(seeds: Sequence[str], bases: Sequence[KnowledgeBase], context: Sequence[str]) -> list[_Sense]:
    """The senses in which WordNet takes the seeds, where it is asked."""
    from promptsearch.knowledge.wordnet import WordNet

    found = []
    for base in (base for base in bases if isinstance(base, WordNet)):
        for seed in seeds:
            for sense in base.senses(seed, [*context, *(other for other in seeds if other != seed)]):
                found.append(_Sense(seed, ", ".join(sense.synset.words), sense.synset.gloss))
    return found


def _record(seeds: Sequence[str], found: Merged, senses: Sequence[_Sense], limit: int) -> dict[str, Any]:
    words = [{**asdict(r), "sources": found.sources[r.word.casefold()]} for r in found.words[:limit]]
    return {
        "seeds": seeds,
        "unknown": found.unknown,
        "senses": [asdict(sense) for sense in senses],
        "found": len(found.words),
        "words": words,
    }


def _show(found: Merged, limit: int, with_seeds: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    shown = found.words[:limit]
    weighted = any(related.weight != 1 for related in shown)
    # A column that says the same in every row is left out.
    columns = [*_COLUMNS, *(["weight"] if weighted else []), *(["seed"] if with_seeds else [])]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in columns:
        right = title in ("distance", "weight")
        table.add_column(title, overflow="fold", justify="right" if right else "left")
    for related in shown:
        cells = {
            "word": related.word,
            "relation": related.relation,
            "distance": f"{related.distance:.3g}",
            "source": ", ".join(found.sources[related.word.casefold()]),
            "weight": f"{related.weight:.3g}",
            "seed": related.seed,
        }
        table.add_row(*(Text(printable(cells[title])) for title in columns))
    screen.stdout().print(table)
