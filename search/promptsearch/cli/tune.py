"""`promptsearch tune`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from promptsearch.cli import screen
from promptsearch.cli.command_line import command_line
from promptsearch.cli.taking import takes
from promptsearch.cli.tune_options import TuneOptions

if TYPE_CHECKING:
    from promptsearch.tuning.observer import TuneObserver
    from promptsearch.tuning.outcome import Tuning


@takes(TuneOptions)
def command(**given: Any) -> None:
    """Train around a prompt: soft tokens or a prefix with the PLM as it is, the PLM under a prompt, or both.

    The state with the best log-likelihood on dev is kept, and scored on test once, beside the same template
    without training, the manual prompt and the majority class. A prompt learned from few examples is trained
    on dev too before. Ctrl-C saves where it stands; --resume goes on.
    """
    from promptsearch.tuning.outcome import TuningStopped

    options = TuneOptions(**given)
    try:
        found = _run(options)
    except TuningStopped as stopped:
        if not options.quiet:
            screen.show_notice(f"{stopped}. Go on with: promptsearch tune --resume {stopped.folder}")
        raise typer.Exit(130) from None
    _show(found, options.json)


def _run(options: TuneOptions) -> Tuning:
    from promptsearch.cli.tune_live import watching

    with watching(options.quiet or options.json) as observer:
        return _tuned(options, observer)


def _tuned(options: TuneOptions, observer: TuneObserver) -> Tuning:
    if options.resume is not None:
        changes = options.changes
        from promptsearch.tuning.run import resume

        return resume(options.resume, observer, screen.STARTED, **changes)
    config = options.config(command_line())
    from promptsearch.tuning.run import run

    return run(config, observer, screen.STARTED)


def _show(found: Tuning, as_json: bool) -> None:
    from promptsearch.cli.tune_output import show
    from promptsearch.report.tuning_record import record

    if as_json:
        screen.print_json({"folder": str(found.folder), **record(found)})
    else:
        show(found)
