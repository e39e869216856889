"""`promptsearch bench`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptsearch.cli import options, screen
from promptsearch.cli.command_line import command_line
from promptsearch.cli.options import value
from promptsearch.cli.shared_options import BenchOptions
from promptsearch.cli.taking import takes

if TYPE_CHECKING:
    from rich.table import Table

    from promptsearch.bench.scoring import ScoringBench

app = typer.Typer(help="Measure speed and memory beside other tools.", no_args_is_help=True)


@dataclass(frozen=True, kw_only=True)
class ScoringOptions(BenchOptions):
    """What was given on the command line."""

    task: Annotated[
        str | None,
        value("--task", "-t", metavar="NAME", help="Whose texts and prompts to use.", default=True),
    ] = "sst2"
    data: options.Data = None
    mapping: options.Map = None
    plm: options.Measured = None
    examples: Annotated[
        int, value("--examples", metavar="N", min=1, help="How many texts.", default=True)
    ] = 256
    repeats: Annotated[
        int, value("--repeats", metavar="N", min=1, help="Timed passes of each contender.", default=True)
    ] = 3
    templates: Annotated[
        int, value("--templates", metavar="N", min=1, help="Templates of the library.", default=True)
    ] = 8
    suffixes: Annotated[
        int, value("--suffixes", metavar="N", min=2, max=50, help="Suffix templates.", default=True)
    ] = 50
    with_lm_eval: Annotated[
        bool,
        typer.Option(
            "--with-lm-eval/--no-lm-eval", help="Also lm-evaluation-harness, which is installed on first use."
        ),
    ] = True


@app.command("scoring")
@takes(ScoringOptions)
def scoring(**values: Any) -> None:
    """Score the same prompts with promptsearch and with other tools: speed, memory, agreement.

    Takes up to half an hour; --examples 32 --repeats 1 gives a first look.
    """
    from promptsearch.bench.render import markdown
    from promptsearch.bench.scoring import ScoringBenchConfig, run
    from promptsearch.paths import atomic_write

    given = ScoringOptions(**values)
    config = ScoringBenchConfig(
        task=given.task,
        data=given.data,
        mapping=given.mapping,
        plms=tuple(given.plm or ScoringBenchConfig.plms),
        examples=given.examples,
        templates=given.templates,
        suffixes=given.suffixes,
        repeats=given.repeats,
        with_lm_eval=given.with_lm_eval,
        stand_in=not given.no_stand_in,
        offline=given.offline,
        command=command_line(),
    )
    with screen.watching(given.quiet or given.json) as observer:
        bench = run(config, observer.stage, observer.notice)
    if given.out is not None:
        atomic_write(given.out, markdown(bench))
    if given.json:
        screen.print_json(bench.record())
    else:
        _show(bench)


def _show(bench: ScoringBench) -> None:
    from rich.text import Text

    from promptsearch.bench import render

    console = screen.stdout()
    for comparison in bench.comparisons:
        console.print(Text(comparison.title, style="bold"))
        rows = [render.comparison_row(comparison, entry) for entry in comparison.entries]
        console.print(_table(render.COMPARISON_TITLES, rows))
        console.print(Text(render.comparison_note(comparison) + "\n", style="dim"))
    console.print(Text("Verbalizers on cached answer states", style="bold"))
    console.print(_table(render.RATE_TITLES, map(render.rate_row, bench.rates)))
    console.print(Text(render.rates_note(bench.rates) + "\n", style="dim"))
    console.print(_table(render.GOAL_TITLES, map(render.goal_row, bench.goals)))
    console.print(Text("\n" + render.machine_note(bench.machine, bench.load_after), style="dim"))


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(titles[0], overflow="fold")
    for title in titles[1:]:
        table.add_column(title, justify="right")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
