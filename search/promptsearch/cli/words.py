"""`promptsearch words`."""

from __future__ import annotations

from typing import Any

import typer

from promptsearch.cli import screen
from promptsearch.cli.command_line import command_line
from promptsearch.cli.taking import takes
from promptsearch.cli.words_options import WordsOptions


@takes(WordsOptions)
def command(**values: Any) -> None:
    """Find the label words of one template: from knowledge bases, from examples, or both.

    Methods: expanded (knowledge bases and refinements), neighbours, probe, likelihood, ratio, cross-entropy,
    subset, soft, prototypes, nearest. With --shots 0 only the first two, which need no labels.
    """
    given = WordsOptions(**values)
    given.check()
    if _run(given):
        raise typer.Exit(130)


def _run(given: WordsOptions) -> bool:
    """Search and show; whether it was stopped by the user."""
    from promptsearch.cli.words_output import show_found, show_searched

    config = given.search(command_line())
    if given.without_labels:
        from promptsearch.study.unlabelled import run

        with screen.watching(given.quiet or given.json) as observer:
            found = run(config, observer)
        show_found(found, given.json)
        return False
    from promptsearch.study.discover import run as search

    with screen.watching(given.quiet or given.json) as observer:
        searched = search(config, observer)
    show_searched(searched, given.json)
    return searched.interrupted
