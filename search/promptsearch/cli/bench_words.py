"""`promptsearch bench words`."""

from __future__ import annotations

from typing import Annotated

from promptsearch.cli import options, screen
from promptsearch.cli.command_line import command_line
from promptsearch.cli.options import value
from promptsearch.cli.shared_options import deliver


def command(
    task: options.Task = None,
    template: Annotated[
        str | None, value("--template", metavar="TEXT", help="The template for --task.")
    ] = None,
    plm: options.Measured = None,
    labelled: Annotated[
        int, value("--labelled", metavar="N", min=2, help="Labelled texts in all.", default=True)
    ] = 64,
    seeds: options.Seeds = 5,
    out: options.Tables = None,
    no_stand_in: options.NoStandIn = False,
    offline: options.Offline = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Find label words by every method, with and without labels, and report mean and spread on test.

    Without --task: AG News and SST-2, each with one template.
    """
    from promptsearch.bench import words
    from promptsearch.bench.machine import Machine, load_now
    from promptsearch.bench.render import machine_note
    from promptsearch.engines.manual.user import unescape
    from promptsearch.errors import OptionError
    from promptsearch.study.config import DEFAULT_PLMS, DiscoverConfig

    if (task is None) != (template is None):
        raise OptionError("--task and --template go together", hint="Give both, or neither.")
    cases = (
        words.CASES if task is None or template is None else (words.Case(task, unescape(template), labelled),)
    )
    if task is None:
        cases = tuple(words.Case(case.task, case.template, labelled) for case in cases)
    config = DiscoverConfig(stand_in=not no_stand_in, offline=offline)
    machine = Machine.now()
    with screen.watching(quiet or json) as observer:
        found = words.measure(cases, plm or DEFAULT_PLMS, range(seeds), config, observer)
    sections = "\n".join(words.markdown(result) for result in found)
    note = machine_note(machine, load_now())
    page = f"{_HEAD}\n```sh\n{command_line()}\n```\n\n```text\n{note}\n```\n\n{sections}"
    deliver(page, [words.record(result) for result in found], json, out)


_HEAD = """# Label words

Test figures of every method of the engine `words`, as mean and standard deviation over draws of the texts.
The chain goes from the labels' names to expanded words and on through each refinement; methods beside it
start from labelled texts, or from the PLM's embeddings. *Chosen on train* takes, seed by seed, the method
with the best figures on train, held out where it looked at labels. No dev split is used.

Constants of the methods (how relevance is centred, the share of words that frequency keeps, the grid of λ,
the strengths of the readouts) were set with test figures of AG News and SST-2 in view; on other data expect
less.
"""
