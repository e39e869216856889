"""`promptsearch discover`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from promptsearch.cli import screen
from promptsearch.cli.command_line import command_line
from promptsearch.cli.discover_options import DiscoverOptions
from promptsearch.cli.taking import takes

if TYPE_CHECKING:
    from promptsearch.study.observer import Observer
    from promptsearch.study.result import Discovery


@takes(DiscoverOptions)
def command(**given: Any) -> None:
    """Search for the best prompt of a task, and compare it with the manual prompt and the majority class.

    Ctrl-C concludes from what has been tried; --resume goes on, also after a kill.
    """
    options = DiscoverOptions(**given)
    search = _without_labels if _is_without_labels(options) else _with_labels
    if search(options):
        raise typer.Exit(130)


def _is_without_labels(options: DiscoverOptions) -> bool:
    """Whether labels are not looked at: as was asked for, or by the run that is gone on with."""
    if options.resume is None:
        return options.without_labels
    from promptsearch.study.artefacts import is_without_labels

    return is_without_labels(options.resume)


def _with_labels(options: DiscoverOptions) -> bool:
    """Search, or go on with a run, and print what was found; whether the user has stopped it."""
    from promptsearch.cli.discover_output import print_found

    with screen.watching(options.quiet or options.json) as observer:
        found = _found(options, observer)
    print_found(found, options.json)
    return found.interrupted


def _found(options: DiscoverOptions, observer: Observer) -> Discovery:
    from promptsearch.study.discover import resume, run

    if options.resume is not None:
        return resume(options.resume, observer, screen.STARTED, **options.changes)
    return run(options.search(command_line()), observer, screen.STARTED)


def _without_labels(options: DiscoverOptions) -> bool:
    """Search without labelled examples, and print what was found; whether the user has stopped it."""
    from promptsearch.cli.unlabelled_output import print_found
    from promptsearch.study.without_labels import resume, run

    with screen.watching(options.quiet or options.json) as observer:
        if options.resume is None:
            found = run(options.search(command_line()), observer)
        else:
            found = resume(options.resume, observer, **options.changes)
    print_found(found, options.json)
    return found.interrupted
