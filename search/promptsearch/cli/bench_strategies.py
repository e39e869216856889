"""`promptsearch bench strategies`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from promptsearch.cli import options, screen
from promptsearch.cli.command_line import command_line
from promptsearch.cli.options import value
from promptsearch.cli.shared_options import BenchOptions, deliver
from promptsearch.cli.taking import takes
from promptsearch.errors import OptionError, near_matches


@dataclass(frozen=True, kw_only=True)
class StrategiesBenchOptions(BenchOptions):
    """What was given on the command line."""

    task: Annotated[str | None, value("--task", "-t", metavar="NAME", help="A known task.", default=True)] = (
        "sst2"
    )
    data: options.Data = None
    mapping: options.Map = None
    plm: options.Measured = None
    shots: Annotated[
        list[str] | None,
        value("--shots", metavar="N", help="Examples a class; repeat for several. [16 and 64]"),
    ] = None
    seeds: options.Seeds = 3
    strategy: Annotated[
        list[str] | None,
        value("--strategy", metavar="NAME", help="A row of the table; repeat for several (default: all)."),
    ] = None
    runs: Annotated[
        Path,
        value(
            "--runs",
            metavar="FOLDER",
            help="Where every training is kept, so that what is done is not done again.",
            default=True,
        ),
    ] = Path("strategies")
    steps: Annotated[int | None, value("--steps", metavar="N", help="Most updates of one start.")] = None
    restarts: Annotated[int | None, value("--restarts", metavar="N", help="Starts of each.")] = None
    minutes: Annotated[float | None, value("--minutes", metavar="N", help="Of each training.")] = None
    max_test: options.MaxTest = None
    device: options.Device = "auto"
    dtype: options.Dtype = "auto"

    @property
    def common(self) -> list[str]:
        """Options of `promptsearch tune` that all trainings share."""
        named = {
            "task": self.task if self.data is None else None,
            "data": self.data,
            "map": self.mapping,
            "steps": self.steps,
            "restarts": self.restarts,
            "minutes": self.minutes,
            "max-test": self.max_test,
            "device": self.device,
            "dtype": self.dtype,
        }
        found = [
            part for name, given in named.items() if given is not None for part in (f"--{name}", str(given))
        ]
        flags = {"--no-stand-in": self.no_stand_in, "--offline": self.offline}
        return found + [flag for flag, given in flags.items() if given]


@takes(StrategiesBenchOptions)
def strategies(**given: Any) -> None:
    """Train around a prompt by each strategy, for several draws of few examples: accuracy beside the same
    template without training, seconds, memory, and how many numbers are stored.
    """
    from promptsearch.bench.machine import Machine
    from promptsearch.bench.strategies import STRATEGIES, Setting, measure
    from promptsearch.bench.strategies_page import page, record
    from promptsearch.study.config import DEFAULT_PLMS

    asked = StrategiesBenchOptions(**given)
    names = asked.strategy or list(STRATEGIES)
    for name in names:
        if name not in STRATEGIES:
            near = near_matches(name, STRATEGIES, most=1)
            meant = f"Did you mean {near[0]!r}? " if near else ""
            raise OptionError(
                f"there is no strategy {name!r}", hint=f"{meant}There are {', '.join(STRATEGIES)}."
            )
    settings = [
        Setting(name, plm, shots)
        for plm in asked.plm or DEFAULT_PLMS
        for shots in asked.shots or ("16", "64")
        for name in names
    ]
    machine = Machine.now()
    with screen.watching(asked.quiet or asked.json) as observer:
        found = list(measure(settings, range(asked.seeds), asked.common, asked.runs, observer))
    text = page(found, asked.seeds, machine, command_line())
    deliver(text, record(found, machine), asked.json, asked.out)
