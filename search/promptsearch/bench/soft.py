"""`promptsearch bench soft`: soft tokens learned with the PLM as it is, beside peft's prompt tuning."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from importlib.metadata import version

from promptsearch.bench.machine import Machine, load_now
from promptsearch.bench.processes import Contestant
from promptsearch.bench.soft_contenders import of_family
from promptsearch.bench.soft_job import SoftJob, SoftPass
from promptsearch.bench.soft_jobs import Layout
from promptsearch.bench.soft_results import TITLES, Entry, Field, SoftBench, SoftBenchConfig
from promptsearch.bench.soft_worker import MODULE
from promptsearch.plms.lora import require_peft
from promptsearch.tasks import draw_splits, load_task


def run(
    config: SoftBenchConfig,
    stage: Callable[[str], None],
    notice: Callable[[str], None],
    measured: Callable[[SoftBench], None] = lambda _: None,
) -> SoftBench:
    """Measure.

    Args:
        stage: told what is being measured.
        notice: told what the user must know.
        measured: given what there is after each PLM and number of soft tokens.

    Raises:
        OptionError: peft is not installed, or the template has soft tokens already.
        TaskError, DataError: the task cannot be had.
        PLMError: a PLM cannot be had.
        ContenderError: a contender failed.
    """
    require_peft()
    source = load_task(
        config.task,
        data=config.data,
        mapping=config.mapping,
        stand_in=config.stand_in,
        offline=config.offline,
    )
    task = draw_splits(source, shots=config.shots, seed=0)
    for text in task.notices:
        notice(text)
    bench = SoftBench(config, task.stand_in_for or task.name, version("peft"), Machine.now())
    for reference in config.plms:
        stage(f"Laying out prompts for {reference}")
        layout = Layout.of(config, task, reference)
        for tokens in config.tokens:
            bench.fields.append(_field(layout.job(tokens), config, stage))
            bench.load_after = load_now()
            measured(bench)
    return bench


def _field(job: SoftJob, config: SoftBenchConfig, stage: Callable[[str], None]) -> Field:
    """All contenders on one job; their passes take turns."""
    passes: dict[str, list[SoftPass]] = {key: [] for key in of_family(job.family)}
    on = f"{job.plm}, {job.soft_tokens} soft tokens"
    with ExitStack() as stack:
        running: list[Contestant] = []
        for key in passes:
            stage(f"{on}: loading {TITLES[key]}")
            running.append(Contestant(key, job, worker=MODULE))
            stack.callback(running[-1].close)
        for number in range(1, config.repeats + 1):
            for contestant in running:
                stage(f"{on}: pass {number} of {config.repeats}, {TITLES[contestant.name]}")
                passes[contestant.name].append(SoftPass(**contestant.ask(str(config.seconds))))
        threads = running[0].threads
    return Field(job, threads, tuple(Entry(key, tuple(found)) for key, found in passes.items()))
