"""`promptsearch bench trigger-accuracy`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from promptsearch.cli import options, screen
from promptsearch.cli.command_line import command_line
from promptsearch.cli.options import value
from promptsearch.cli.shared_options import BenchOptions, deliver
from promptsearch.cli.taking import takes


@dataclass(frozen=True, kw_only=True)
class TriggerAccuracyOptions(BenchOptions):
    """What was given on the command line."""

    task: Annotated[
        list[str] | None,
        value("--task", "-t", metavar="NAME", help="A known task; repeat for several. [sst2 and subj]"),
    ] = None
    plm: options.Measured = None
    shots: Annotated[
        list[int] | None,
        value("--shots", metavar="N", help="Examples a class; repeat for several. [16 and 64]"),
    ] = None
    share: Annotated[
        float | None,
        value(
            "--share",
            metavar="SHARE",
            min=0.05,
            max=0.95,
            help="Draw train and dev unbalanced, with this share of the first class.",
        ),
    ] = None
    uncalibrated: Annotated[
        bool,
        options.flag("--uncalibrated", help="Search by label scores as the PLM gives them."),
    ] = False
    template: Annotated[
        str | None,
        value("--template", metavar="TEXT", help="With a trigger (default: fields, {trigger*3}, slot)."),
    ] = None
    seeds: options.Seeds = 3
    minutes: Annotated[
        float, value("--minutes", metavar="N", min=0.01, help="Time of every search.", default=True)
    ] = 2
    max_test: options.MaxTest = None
    device: options.Device = "auto"
    dtype: options.Dtype = "auto"


@takes(TriggerAccuracyOptions)
def trigger_accuracy(**values: Any) -> None:
    """Search triggers for several draws, and hold them on test against the same template without a trigger.

    Takes --minutes for each task, PLM, number of examples and seed. With --out, every search is kept beside
    the file when it is done: the same command goes on where it was stopped, and another one adds to it.
    """
    from promptsearch.bench import trigger_accuracy_table
    from promptsearch.bench.machine import Machine, load_now
    from promptsearch.bench.render import machine_note
    from promptsearch.bench.trigger_accuracy import measured
    from promptsearch.bench.trigger_accuracy_runs import Case
    from promptsearch.paths import atomic_write
    from promptsearch.report.marks import fenced
    from promptsearch.study.config import DEFAULT_PLMS, DiscoverConfig

    given = TriggerAccuracyOptions(**values)
    cases = [
        Case(task, plm, shots, given.share, given.template, not given.uncalibrated)
        for plm in given.plm or DEFAULT_PLMS
        for task in given.task or ("sst2", "subj")
        for shots in given.shots or (16, 64)
    ]
    store = trigger_accuracy_table.Store(given.out and given.out.with_suffix(".jsonl"))
    config = DiscoverConfig(
        max_test=given.max_test,
        device=given.device,
        dtype=given.dtype,
        stand_in=not given.no_stand_in,
        offline=given.offline,
    )
    machine, runs = Machine.now(), store.read()

    def page() -> str:
        note = fenced(machine_note(machine, load_now()), "text")
        command = fenced(command_line(), "sh")
        return "\n\n".join(("# Triggers on test", command, note, trigger_accuracy_table.markdown(runs)))

    with screen.watching(given.quiet or given.json) as observer:
        for run in measured(cases, range(given.seeds), 60 * given.minutes, config, runs, observer):
            runs.append(run)
            store.write(runs)
            if given.out is not None:
                atomic_write(given.out, page())
    deliver(page(), [s.record() for s in trigger_accuracy_table.summaries(runs)], given.json, given.out)
