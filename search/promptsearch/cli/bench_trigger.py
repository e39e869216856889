"""`promptsearch bench trigger`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import typer

from promptsearch.cli import options, screen
from promptsearch.cli.command_line import command_line
from promptsearch.cli.options import value
from promptsearch.cli.shared_options import BenchOptions, measured
from promptsearch.cli.taking import takes


@dataclass(frozen=True, kw_only=True)
class TriggerBenchOptions(BenchOptions):
    """What was given on the command line."""

    task: Annotated[
        str | None, value("--task", "-t", metavar="NAME", help="Whose texts to use.", default=True)
    ] = "sst2"
    data: options.Data = None
    mapping: options.Map = None
    plm: options.Measured = None
    template: Annotated[
        str, value("--template", metavar="TEXT", help="With one trigger, and the slot last.", default=True)
    ] = "{text} {trigger*3} {mask}"
    examples: Annotated[
        int, value("--examples", metavar="N", min=2, help="How many prompts.", default=True)
    ] = 32
    seconds: Annotated[
        float, value("--seconds", metavar="N", min=0.5, help="Time of every search.", default=True)
    ] = 60
    marks: Annotated[
        list[float] | None,
        value(
            "--at",
            metavar="SECONDS",
            help="When to compare losses, besides at the end; repeat for several. [5, 10 and 30]",
        ),
    ] = None
    seeds: options.Seeds = 1
    with_nanogcg: Annotated[
        bool,
        typer.Option("--with-nanogcg/--no-nanogcg", help="Also nanoGCG, which is installed on first use."),
    ] = True
    ablations: Annotated[
        float,
        value("--ablations", metavar="SECONDS", min=0, help="Time with each switch changed; 0 for none."),
    ] = 0
    places: Annotated[
        int,
        value("--places", metavar="N", min=0, help="Trigger places to try every swap of; 0 for none."),
    ] = 0
    tried: Annotated[
        int, value("--tried", metavar="N", min=2, help="Tokens that are tried in each.", default=True)
    ] = 256


@takes(TriggerBenchOptions)
def trigger(**values: Any) -> None:
    """Search triggers with promptsearch, AutoPrompt and nanoGCG for the same time: speed, loss, memory.

    --out is written anew after each PLM. With --ablations 20 also with each of promptsearch's own switches
    changed, with --places 16 also how good first-order scores are.
    """
    from promptsearch.bench.trigger import run
    from promptsearch.bench.trigger_render import markdown
    from promptsearch.bench.trigger_results import TriggerBenchConfig

    given = TriggerBenchOptions(**values)
    config = TriggerBenchConfig(
        task=given.task,
        data=given.data,
        mapping=given.mapping,
        plms=tuple(given.plm or TriggerBenchConfig.plms),
        template=given.template,
        examples=given.examples,
        seconds=given.seconds,
        marks=tuple(given.marks or TriggerBenchConfig.marks),
        seeds=given.seeds,
        with_nanogcg=given.with_nanogcg,
        ablation_seconds=given.ablations,
        places=given.places,
        tried=given.tried,
        stand_in=not given.no_stand_in,
        offline=given.offline,
        command=command_line(),
    )

    measured(given, partial(run, config), markdown)


Given = Annotated[
    list[str] | None,
    typer.Argument(metavar="[-- OPTIONS]", help="Of trigger, after two dashes.", show_default=False),
]
_KILLED = ("--task", "reviews", "--plm", "minilm-mlm", "--evaluations", "20000", "--offline")


def trigger_kills(
    given: Given = None,
    number: Annotated[
        int, value("--kills", metavar="N", min=1, help="How often a search is killed.", default=True)
    ] = 20,
    longest: Annotated[
        float, value("--longest", metavar="N", help="Seconds a sitting gets at most.", default=True)
    ] = 8.0,
    seed: Annotated[int, value("--seed", metavar="N", help="Fixes when it is killed.", default=True)] = 0,
    quiet: options.Quiet = False,
) -> None:
    """Kill trigger searches again and again, go on each time, and print as JSON what they came to.

    Each must come to just what a search without kills comes to. By default the bundled film reviews on
    minilm-mlm.
    """
    from promptsearch.bench.trigger_kills import run

    with screen.watching(quiet) as observer:
        found = run(given or _KILLED, number, seed, longest, observer.stage)
    screen.print_json({**found.record(), "sound": found.sound})
    if not found.sound:
        raise typer.Exit(1)
