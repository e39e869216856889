"""`promptsearch bench study` and `promptsearch bench racing`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from promptsearch.cli import options, screen
from promptsearch.cli.command_line import command_line
from promptsearch.cli.options import value
from promptsearch.cli.shared_options import BenchOptions, deliver
from promptsearch.cli.taking import takes


@dataclass(frozen=True, kw_only=True)
class StudyOptions(BenchOptions):
    """What `bench study` was given on the command line."""

    task: Annotated[
        str | None,
        value("--task", "-t", metavar="NAME", help="What prompts are searched for.", default=True),
    ] = "sst2"
    data: options.Data = None
    mapping: options.Map = None
    plm: options.Measured = None
    shots: Annotated[
        str,
        value("--shots", metavar="N", help="Examples a class in train, and in dev alike.", default=True),
    ] = "16"
    seeds: options.Seeds = 10
    seconds: Annotated[
        float, value("--seconds", metavar="N", min=3, help="Time of every search.", default=True)
    ] = 40
    marks: Annotated[
        list[float] | None,
        value(
            "--at",
            metavar="SECONDS",
            help="When to compare, besides at the end; repeat for several. [an eighth, a quarter, a half]",
        ),
    ] = None
    free_words: Annotated[
        bool,
        options.flag("--free-words", help="Do not count the others' time for finding label words."),
    ] = False
    max_test: options.MaxTest = 200
    device: options.Device = "auto"
    dtype: options.Dtype = "auto"


@takes(StudyOptions)
def study(**values: Any) -> None:
    """Search with the study, with random search and with plain TPE for the same time: who finds better?

    Takes four times --seconds for each seed, and a little more.
    """
    from promptsearch.bench.study import run
    from promptsearch.bench.study_courses import record
    from promptsearch.bench.study_tables import markdown
    from promptsearch.study.config import DiscoverConfig

    given = StudyOptions(**values)
    config = DiscoverConfig(
        task=given.task,
        data=given.data,
        mapping=given.mapping,
        plms=given.plm,
        shots=options.parse_shots(given.shots),
        max_test=given.max_test,
        device=given.device,
        dtype=given.dtype,
        stand_in=not given.no_stand_in,
        offline=given.offline,
    )
    seconds = given.seconds
    marks = given.marks or [seconds / 8, seconds / 4, seconds / 2]
    with screen.watching(given.quiet or given.json) as observer:
        command = command_line()
        bench = run(config, range(given.seeds), seconds, marks, observer, given.free_words, command)
    deliver(markdown(bench), record(bench), given.json, given.out)


def racing(
    races: Annotated[
        int, value("--races", metavar="N", min=1, help="Simulated races of each setting.", default=True)
    ] = 200,
    seed: Annotated[int, value("--seed", metavar="N", help="Fixes what is simulated.", default=True)] = 0,
    out: options.Tables = None,
    json: options.Json = False,
) -> None:
    """Simulate races among candidates: how often the winner is as good as the best, and at what cost."""
    from dataclasses import asdict

    from promptsearch.bench.machine import Machine, load_now
    from promptsearch.bench.racing import SETTINGS, rendered, simulated
    from promptsearch.bench.render import machine_note
    from promptsearch.report.marks import fenced
    from promptsearch.scoring.race_records import RaceRules
    from promptsearch.showing import count

    machine = Machine.now()
    found = [simulated(k, n, RaceRules(), races, seed) for k, n in SETTINGS]
    command = fenced(command_line(), "sh")
    note = fenced(machine_note(machine, load_now()), "text")
    head = "# Races", _RACES.format(races=count(races, "simulated race"))
    page = "\n\n".join((*head, command, note, rendered(found))) + "\n"
    deliver(page, [asdict(summary) for summary in found], json, out)


_RACES = """\
{races} of each setting at the default rules, which pay for at most 35 % of all evaluations.
A candidate is right on an example when its ability, less the example's difficulty and some noise, is above
0; accuracies lie between 48 and 85 %, and errors of candidates are correlated as those of prompts are.

Within 1 point: share of races whose winner has at most one point less accuracy, on all examples, than the
best of an exhaustive comparison, with a 95 % interval (Wilson). Loss: mean of that difference, in points;
true loss: the same on the population. Evaluations: mean and highest share of candidates × examples that was
scored."""
