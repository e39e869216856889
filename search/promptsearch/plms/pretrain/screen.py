"""A progress bar for training."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from promptsearch.plms.pretrain.trainer import Report, StepReport


@contextmanager
def training_bar() -> Generator[Report]:
    """A bar on stderr with loss and held-out loss; the callback to hand to `pretrain`."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("training"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("training", total=1.0, figures="")

        def report(step: StepReport) -> None:
            figures = f"step {step.step:,}  loss {step.loss:.2f}  held out {step.held_out:.2f}"
            bar.update(task, completed=step.fraction, figures=figures)

        yield report
