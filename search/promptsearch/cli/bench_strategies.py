"""`promptsearch bench strategies`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from promptsearch.cli import options, screen
from promptsearch.cli.command_line import command_line
from promptsearch.cli.options import value
from promptsearch.cli.shared_options import BenchOptions, deliver
from promptsearch.cli.taking import takes
from promptsearch.errors import OptionError, near_matches

if TYPE_CHECKING:
    from promptsearch.bench.strategies import Setting

_LOOKS = 10
"""Looks at dev where there are many examples."""


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
    steps: Annotated[
        int, value("--steps", metavar="N", min=1, help="Most updates of one start.", default=True)
    ] = 100
    restarts: Annotated[
        int, value("--restarts", metavar="N", min=1, help="Starts of each.", default=True)
    ] = 1
    many: Annotated[
        int,
        value(
            "--many",
            metavar="N",
            min=0,
            help="Examples a class with which prompts are trained beside LoRA once; 0 for none.",
            default=True,
        ),
    ] = 2000
    many_steps: Annotated[
        int, value("--many-steps", metavar="N", min=1, help="Updates with so many.", default=True)
    ] = 250
    minutes: Annotated[
        float | None,
        value(
            "--minutes",
            metavar="N",
            help="After so many no training is begun; the same command goes on (default: until all is done).",
        ),
    ] = None
    minutes_each: Annotated[float | None, value("--minutes-each", metavar="N", help="Of each training.")] = (
        None
    )
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
            "restarts": self.restarts,
            "minutes": self.minutes_each,
            "max-test": self.max_test,
            "device": self.device,
            "dtype": self.dtype,
        }
        found = [
            part for name, given in named.items() if given is not None for part in (f"--{name}", str(given))
        ]
        flags = {"--no-stand-in": self.no_stand_in, "--offline": self.offline}
        return found + [flag for flag, given in flags.items() if given]

    @property
    def strategies(self) -> list[str]:
        """Rows of the table.

        Raises:
            OptionError: there is none of that name.
        """
        from promptsearch.bench.strategies import STRATEGIES

        names = self.strategy or list(STRATEGIES)
        for name in names:
            if name not in STRATEGIES:
                near = near_matches(name, STRATEGIES, most=1)
                meant = f"Did you mean {near[0]!r}? " if near else ""
                raise OptionError(
                    f"there is no strategy {name!r}", hint=f"{meant}There are {', '.join(STRATEGIES)}."
                )
        return names

    @property
    def settings(self) -> list[Setting]:
        """Lines of the report in their order."""
        from promptsearch.bench.strategies import planned
        from promptsearch.study.config import DEFAULT_PLMS

        few = ("--steps", str(self.steps))
        # Dev is larger, and all of it is read at each look.
        many = ("--steps", str(self.many_steps), "--look-every", str(-(-self.many_steps // _LOOKS)))
        return planned(
            self.plm or DEFAULT_PLMS,
            self.shots or ("16", "64"),
            self.strategies,
            few,
            str(self.many) if self.many else None,
            many,
        )


@takes(StrategiesBenchOptions)
def strategies(**given: Any) -> None:
    """Train around a prompt by each strategy, for several draws of few examples: accuracy beside the same
    template without training, seconds, memory, and how many numbers are stored.

    What is done is kept under --runs and not done again. --out is written anew after each training.
    """
    from promptsearch.bench.machine import Machine
    from promptsearch.bench.strategies import Measured, measure
    from promptsearch.bench.strategies_page import page, record
    from promptsearch.paths import atomic_write

    asked = StrategiesBenchOptions(**given)
    machine, found = Machine.now(), list[Measured]()
    seconds = None if asked.minutes is None else 60 * asked.minutes
    with screen.watching(asked.quiet or asked.json) as observer:
        seeds = range(asked.seeds)
        for found in measure(asked.settings, seeds, asked.common, asked.runs, observer, seconds):
            if asked.out is not None:
                atomic_write(asked.out, page(found, machine, command_line()))
    deliver(page(found, machine, command_line()), record(found, machine), asked.json, asked.out)
