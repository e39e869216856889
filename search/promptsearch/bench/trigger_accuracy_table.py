"""Runs of `bench trigger-accuracy`: kept as they come, and as a Markdown page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from promptsearch.bench.accuracy import Margin, margin_of
from promptsearch.bench.trigger_accuracy_runs import CALIBRATIONS, PROMPTS, Case, Run
from promptsearch.errors import DataError
from promptsearch.paths import atomic_write
from promptsearch.report.marks import table

METHOD = """\
A trigger is searched on train for the time that stands in the tables further down, with everything at
its default: by label scores relative to their means over train, since answers are calibrated later;
where it says *searched uncalibrated*, by label scores as the PLM gives them. **Without** is the same
template with the trigger left out. Both are chosen on dev in the same way, by the rule of `discover`:
*plain* as the PLM scores them, *calibrated* under whichever of none, contextual, PMI and batch
calibration does best on dev. Test accuracy in percent, mean over seeds; each seed draws train and dev
anew, and all are scored on the same test examples. The difference is in points, with its paired 95 %
interval: test examples are drawn with replacement, each with the answers of all seeds."""
_TITLES = (
    "task, PLM, examples",
    "seeds",
    "n",
    "majority",
    *(f"{prompt}, {way}" for way in CALIBRATIONS for prompt in (*PROMPTS, "difference")),
)
_RUN_TITLES = ("seed", "seconds", "pairs read", "loss", "calibrated", "test", "without", "the chosen prompt")


@dataclass(frozen=True)
class Summary:
    """All seeds of one case."""

    case: Case
    runs: tuple[Run, ...]

    def mean(self, way: str, prompt: str) -> float:
        """Mean accuracy on test over seeds."""
        return float(np.mean([run.chosen[way][prompt].accuracy for run in self.runs]))

    def margin(self, way: str) -> Margin | None:
        """How much more often the trigger is right; None where seeds have other test examples."""
        if len({run.test for run in self.runs}) > 1:
            return None
        return margin_of(
            [(run.chosen[way]["trigger"].right, run.chosen[way]["without"].right) for run in self.runs]
        )

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        ways = {
            way: {
                **{prompt: self.mean(way, prompt) for prompt in PROMPTS},
                "difference": None if (margin := self.margin(way)) is None else vars(margin),
            }
            for way in CALIBRATIONS
        }
        return {"case": vars(self.case), "seeds": [run.seed for run in self.runs], **ways}


def summaries(runs: Iterable[Run]) -> list[Summary]:
    """The runs by case, in the order of their first."""
    by_case: dict[Case, list[Run]] = {}
    for run in runs:
        by_case.setdefault(run.case, []).append(run)
    return [Summary(case, tuple(sorted(each, key=lambda run: run.seed))) for case, each in by_case.items()]


@dataclass(frozen=True)
class Store:
    """Runs in a file, one a line, so that a measurement that was stopped goes on; nowhere without a path."""

    path: Path | None

    def read(self) -> list[Run]:
        """What there is.

        Raises:
            DataError: the file holds something else.
        """
        if self.path is None or not self.path.exists():
            return []
        try:
            return [Run.restored(json.loads(line)) for line in self.path.read_text("utf-8").splitlines()]
        except (ValueError, TypeError, KeyError) as error:
            raise DataError(
                f"not a record of trigger searches: {error}", where=str(self.path), hint="Give another --out."
            ) from error

    def write(self, runs: Sequence[Run]) -> None:
        """Put these in its place."""
        if self.path is not None:
            atomic_write(self.path, "".join(f"{json.dumps(run.record())}\n" for run in runs))


def markdown(runs: Sequence[Run]) -> str:
    """Sections of a report: one line a case, then one line a run."""
    found = summaries(runs)
    parts = [METHOD, table(_TITLES, [_row(summary) for summary in found])]
    for summary in found:
        words = ", ".join(repr(word) for word in summary.runs[0].words)
        parts += [f"## {summary.case.title}", f"Label words {words}."]
        parts.append(table(_RUN_TITLES, [_run_row(run) for run in summary.runs]))
    return "\n\n".join(parts) + "\n"


def _row(summary: Summary) -> tuple[str, ...]:
    runs = summary.runs
    cells = []
    for way in CALIBRATIONS:
        cells += [f"{100 * summary.mean(way, prompt):.1f}" for prompt in PROMPTS]
        cells.append(_shown(summary.margin(way)))
    n_test = len(runs[0].chosen["plain"]["trigger"].correct)
    majority = f"{100 * np.mean([run.majority for run in runs]):.1f}"
    return summary.case.title, str(len(runs)), f"{n_test:,}", majority, *cells


def _shown(margin: Margin | None) -> str:
    if margin is None:
        return "–"
    return f"{100 * margin.value:+.1f} ({100 * margin.low:+.1f} to {100 * margin.high:+.1f})"


def _run_row(run: Run) -> tuple[str, ...]:
    chosen = run.chosen["calibrated"]
    return (
        str(run.seed),
        f"{run.seconds:.0f} ({run.reason})" if run.reason else f"{run.seconds:.0f}",
        f"{run.evaluations:,}",
        f"{run.loss:.3f}",
        chosen["trigger"].calibration,
        f"{100 * chosen['trigger'].accuracy:.1f}",
        f"{100 * chosen['without'].accuracy:.1f}",
        chosen["trigger"].template,
    )
