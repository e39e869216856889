"""`promptsearch kb expand`, `get` and `list`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from promptsearch.cli import kb_expand, options, screen
from promptsearch.errors import KnowledgeError, OptionError, near_matches
from promptsearch.showing import printable

app = typer.Typer(
    help="Knowledge bases: words related to a label's name, and where they come from.", no_args_is_help=True
)

_CONCEPTNET = (
    "Its dump takes more than a gigabyte to read once: download conceptnet-assertions-5.7.0.csv.gz, to which "
    "ConceptNet's wiki links under Downloads, and name it with --conceptnet FILE or in "
    "PROMPTSEARCH_CONCEPTNET."
)
app.command("expand")(kb_expand.command)


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
    wordnet: options.WordNetFolder = None,
    conceptnet: options.ConceptNetFile = None,
    json: options.Json = False,
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
