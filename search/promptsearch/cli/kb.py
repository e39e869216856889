"""`promptsearch kb expand`, `get` and `list`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptsearch.cli import options, screen
from promptsearch.cli.options import value
from promptsearch.errors import KnowledgeError, OptionError, near_matches
from promptsearch.showing import count, printable

if TYPE_CHECKING:
    from promptsearch.knowledge.base import KnowledgeBase
    from promptsearch.knowledge.merging import Merged
    from promptsearch.knowledge.registry import Sources
    from promptsearch.plms import PLM

app = typer.Typer(
    help="Knowledge bases: words related to a label's name, and where they come from.", no_args_is_help=True
)

WordNetFolder = Annotated[
    Path | None,
    value("--wordnet", metavar="FOLDER", help="Where WordNet's files are, if they are not found."),
]
ConceptNetFile = Annotated[
    Path | None,
    value("--conceptnet", metavar="FILE", help="ConceptNet's assertions, as published (csv.gz)."),
]
Relations = Annotated[
    str | None,
    value(
        "--relations",
        metavar="LIST",
        help="ConceptNet's relations to follow, each with a factor for its weights if need be, as "
        "Synonym,IsA=0.7 (default: eight of them).",
    ),
]
_BY_DEFAULT = ("lexicon", "wordnet", "conceptnet")
_CONCEPTNET = (
    "Its dump takes more than a gigabyte to read once: download conceptnet-assertions-5.7.0.csv.gz, to which "
    "ConceptNet's wiki links under Downloads, and name it with --conceptnet FILE or in "
    "PROMPTSEARCH_CONCEPTNET."
)
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


@app.command("expand")
def expand(
    seeds: Annotated[
        list[str],
        typer.Argument(metavar="WORD...", help="A label's name, or words for it.", show_default=False),
    ],
    kb: Annotated[
        str | None,
        value(
            "--kb",
            metavar="LIST",
            help="Any of lexicon, wordnet, conceptnet, neighbours and files of word lists, with commas "
            "between (default: the first three, as far as they are here).",
        ),
    ] = None,
    context: Annotated[
        list[str] | None,
        value(
            "--context",
            metavar="TEXT|@FILE",
            help="A description, or a file of texts, that tells which sense is meant; may be repeated.",
        ),
    ] = None,
    wordnet: WordNetFolder = None,
    conceptnet: ConceptNetFile = None,
    relations: Relations = None,
    depth: Annotated[
        int | None,
        value(
            "--depth",
            metavar="N",
            min=1,
            max=5,
            help="How many steps to go. (default: WordNet 2, ConceptNet 1)",
        ),
    ] = None,
    plm: Annotated[
        str, value("--plm", metavar="NAME", help="Whose embeddings give neighbours.", default=True)
    ] = "minilm-mlm",
    limit: Annotated[
        int, value("--limit", metavar="N", min=1, help="Show the nearest so many words.", default=True)
    ] = 50,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Show words related to a label's name, with relation, distance and source.

    Of several knowledge bases, the nearest word of each comes first, then the second nearest of each.
    """
    from promptsearch.knowledge.merging import expand_together
    from promptsearch.knowledge.registry import Sources, knowledge_base

    seeds = list(dict.fromkeys(map(_seed, seeds)))
    around = _texts(context or ())
    sources = Sources(
        wordnet=wordnet,
        conceptnet=conceptnet,
        relations=factors(relations),
        depth=depth,
        plm=lambda: _plm(plm),
    )
    with screen.watching(quiet or json):
        bases = [knowledge_base(name, sources) for name in _names(kb, sources)]
        found = expand_together(seeds, bases, around)
        senses = _senses(seeds, bases, around)
    asked = ", ".join(base.name for base in bases)
    if not found.words:
        raise KnowledgeError(
            f"nothing related to {', '.join(map(repr, seeds))} was found in {asked}",
            hint="Try another word for it, or another knowledge base: `promptsearch kb list`.",
        )
    if json:
        screen.print_json(_record(seeds, found, senses, limit))
        return
    if not quiet:
        for seed in found.unknown:
            screen.show_notice(f"nothing related to {seed!r} was found in {asked}")
        for sense in senses:
            screen.show_notice(f"{sense.seed} in WordNet: {sense.words} ({sense.definition})")
    _show(found, limit, with_seeds=len(seeds) > 1)
    if not quiet and len(found.words) > limit:
        screen.show_notice(f"{count(limit, 'word')} of {len(found.words):,}; --limit shows more")


@app.command("get")
def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="wordnet.", show_default=False)],
    quiet: options.Quiet = False,
) -> None:
    """Fetch a knowledge base into the cache. Does nothing when it is on this machine."""
    if name == "conceptnet":
        raise KnowledgeError("ConceptNet is not fetched for you", hint=_CONCEPTNET)
    if name != "wordnet":
        _refuse_to_get(name)
    from promptsearch.knowledge.wordnet import fetch, find_folder

    try:
        folder = find_folder()
    except KnowledgeError:
        with screen.watching(quiet) as observer:
            folder = fetch(observer.stage)
    screen.stdout().print(f"wordnet is in {folder}", markup=False, soft_wrap=True)


@app.command("list")
def list_bases(
    wordnet: WordNetFolder = None, conceptnet: ConceptNetFile = None, json: options.Json = False
) -> None:
    """List the knowledge bases, and where each was found."""
    from rich.table import Table
    from rich.text import Text

    from promptsearch.knowledge.registry import Sources, available

    rows = available(Sources(wordnet=wordnet, conceptnet=conceptnet))
    if json:
        screen.print_json([asdict(row) for row in rows])
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("knowledge base", "here", "where"):
        table.add_column(title, overflow="fold", no_wrap=title != "where")
    for row in rows:
        table.add_row(row.name, "yes" if row.usable else "no", Text(printable(row.where)))
    screen.stdout().print(table)
    for row in rows:
        if row.hint:
            screen.stdout().print(Text(f"\n{row.name}: {printable(row.hint)}"))
    screen.stdout().print("\nYour own word lists: --kb FILE")


def factors(given: str | None) -> dict[str, float] | None:
    """`Synonym,IsA=0.7` -> factors by relation, 1 where none is given; None where the option is not given.

    Raises:
        OptionError: a factor that is no number.
    """
    entries = options.listed(given)
    if entries is None:
        return None
    found: dict[str, float] = {}
    for entry in entries:
        relation, equals, factor = entry.partition("=")
        try:
            found[relation.strip()] = float(factor) if equals else 1.0
        except ValueError:
            raise OptionError(
                f"the factor of {relation.strip()} is no number: {factor!r}",
                where="--relations",
                hint="For example --relations Synonym,IsA=0.7",
            ) from None
    return found


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


def _refuse_to_get(name: str) -> None:
    from promptsearch.knowledge.registry import names

    if name in names():
        where = "inside the package" if name == "lexicon" else "in the PLM that --plm names"
        raise OptionError(f"the knowledge base {name!r} needs no fetching", hint=f"It is {where}.")
    near = near_matches(name, names(), most=1)
    raise OptionError(
        f"there is no knowledge base {name!r}",
        hint=(f"Did you mean {near[0]}? " if near else "") + "What can be fetched: wordnet.",
    )
