"""`promptsearch bench soft`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from promptsearch.cli import options
from promptsearch.cli.command_line import command_line
from promptsearch.cli.options import value
from promptsearch.cli.shared_options import BenchOptions, measured
from promptsearch.cli.taking import takes


@dataclass(frozen=True, kw_only=True)
class SoftBenchOptions(BenchOptions):
    """What was given on the command line."""

    task: Annotated[
        str | None, value("--task", "-t", metavar="NAME", help="Whose texts to use.", default=True)
    ] = "sst2"
    data: options.Data = None
    mapping: options.Map = None
    plm: options.Measured = None
    template: Annotated[
        str,
        value("--template", metavar="TEXT", help="Of words, to which soft tokens are added.", default=True),
    ] = "{text} It was {mask}"
    tokens: Annotated[
        list[int] | None,
        value("--tokens", metavar="N", min=1, help="Soft tokens; repeat for several. [5 and 20]"),
    ] = None
    shots: Annotated[int, value("--shots", metavar="N", min=1, help="Examples a class.", default=True)] = 16
    batch: Annotated[int, value("--batch", metavar="N", min=2, help="Examples a step.", default=True)] = 16
    seconds: Annotated[
        float, value("--seconds", metavar="N", min=0.0, help="Time of every pass.", default=True)
    ] = 15
    repeats: Annotated[
        int, value("--repeats", metavar="N", min=1, help="Passes of each contender.", default=True)
    ] = 3
    dtype: options.Dtype = "auto"


@takes(SoftBenchOptions)
def soft(**values: Any) -> None:
    """Learn soft tokens with promptsearch and with peft's prompt tuning: steps a second, memory.

    --out is written anew after each PLM and number of soft tokens.
    """
    from promptsearch.bench.soft import run
    from promptsearch.bench.soft_render import markdown
    from promptsearch.bench.soft_results import SoftBenchConfig

    given = SoftBenchOptions(**values)
    config = SoftBenchConfig(
        task=given.task,
        data=given.data,
        mapping=given.mapping,
        plms=tuple(given.plm or SoftBenchConfig.plms),
        template=given.template,
        tokens=tuple(given.tokens or SoftBenchConfig.tokens),
        shots=given.shots,
        batch=given.batch,
        seconds=given.seconds,
        repeats=given.repeats,
        dtype=given.dtype,
        stand_in=not given.no_stand_in,
        offline=given.offline,
        command=command_line(),
    )

    measured(given, partial(run, config), markdown)
