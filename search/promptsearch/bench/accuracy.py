"""How good the prompts are that `discover` chooses: test figures over several draws of the few-shot split."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from promptsearch.report.words import cell_words
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.discover import run
from promptsearch.study.observer import Observer


@dataclass(frozen=True)
class SeedResult:
    """What one seed chose, and its figures on test."""

    seed: int
    plm: str
    template: str
    words: str
    calibration: str
    dev: float
    test: float
    manual: float
    n_test: int
    seconds: float


@dataclass(frozen=True)
class Accuracy:
    """Figures of `discover` on one task with one set of PLMs."""

    task: str
    stand_in_for: str | None
    metric: str
    plms: tuple[str, ...]
    shots: int | None
    majority: float
    seeds: tuple[SeedResult, ...]

    def mean(self, name: str) -> float:
        """Mean over seeds of `test`, `dev` or `manual`."""
        return statistics.fmean(getattr(result, name) for result in self.seeds)

    def spread(self, name: str) -> float:
        """Standard deviation over seeds; 0 for one seed."""
        values = [getattr(result, name) for result in self.seeds]
        return statistics.stdev(values) if len(values) > 1 else 0.0


def measure(config: DiscoverConfig, seeds: Sequence[int], observer: Observer | None = None) -> Accuracy:
    """Run `discover` once a seed; runs are written to a temporary folder and dropped.

    Every seed draws train and dev anew. The test split is the same for all.
    """
    results: list[SeedResult] = []
    found: Any = None
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            found = run(replace(config, seed=seed, out=Path(folder) / "run"), observer or Observer())
        metric, best = found.task.metric, found.best
        if best.test is None:
            raise KeyboardInterrupt
        manual = found.manual
        results.append(
            SeedResult(
                seed,
                best.trial.plm,
                str(best.trial.candidate.template),
                cell_words(best.trial.candidate),
                best.trial.calibration.method,
                best.trial.dev.value(metric),
                best.test.value(metric),
                manual.test.value(metric) if manual and manual.test else float("nan"),
                best.test.n,
                found.seconds,
            )
        )
    return Accuracy(
        found.task.name,
        found.task.stand_in_for,
        found.task.metric,
        tuple(config.plms or ()),
        config.shots,
        found.majority_test.value(found.task.metric),
        tuple(results),
    )


def markdown(found: Accuracy) -> str:
    """A section of a report: one line a seed, then mean and spread."""
    from promptsearch.report.marks import table

    shots = "all" if found.shots is None else f"{found.shots} a class"
    on = f"{found.task} in place of {found.stand_in_for}" if found.stand_in_for else found.task
    rows = [
        (
            str(result.seed),
            f"{100 * result.dev:.1f}",
            f"{100 * result.test:.1f}",
            f"{100 * result.manual:.1f}",
            result.plm,
            result.template,
            result.words,
            result.calibration,
        )
        for result in found.seeds
    ]
    titles = (
        "seed",
        "dev",
        "test",
        "manual, test",
        "PLM",
        "template",
        "label words",
        "calibration",
    )
    summary = (
        f"Mean over {len(found.seeds)} seeds: **{100 * found.mean('test'):.1f}** "
        f"(standard deviation {100 * found.spread('test'):.1f}), "
        f"manual prompt {100 * found.mean('manual'):.1f}, majority class {100 * found.majority:.1f}, "
        f"winner on dev {100 * found.mean('dev'):.1f}; n = {found.seeds[0].n_test}."
    )
    return (
        f"## {on}: {', '.join(found.plms)}, {shots}, {found.metric}\n\n{table(titles, rows)}\n\n{summary}\n"
    )
