"""`promptsearch trigger`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from promptsearch.cli import screen, trigger_live
from promptsearch.cli.command_line import command_line
from promptsearch.cli.taking import takes
from promptsearch.cli.trigger_options import TriggerOptions

if TYPE_CHECKING:
    from promptsearch.study.observer import Observer
    from promptsearch.study.result import Discovery


@takes(TriggerOptions)
def command(**given: Any) -> None:
    """Search trigger tokens: words, often without sense to a reader, under which the PLM answers rightly.

    They are searched on train by gradients (AutoPrompt, GCG), and compete with hand-written prompts on dev.
    Ctrl-C concludes from what has been found; --resume goes on, also after a kill.
    """
    options = TriggerOptions(**given)
    with trigger_live.watching(options.quiet or options.json) as observer:
        found = _found(options, observer)
    _show(found, options.json)
    if found.interrupted:
        raise typer.Exit(130)


def _found(options: TriggerOptions, observer: Observer) -> Discovery:
    from promptsearch.study.discover import resume, run

    if options.resume is not None:
        return resume(options.resume, observer, screen.STARTED, **options.changes)
    return run(options.search(command_line()), observer, screen.STARTED)


def _show(found: Discovery, as_json: bool) -> None:
    from promptsearch.cli.discover_output import print_found

    print_found(found, as_json)
