"""How good the prompts are that `discover` chooses: test figures over several draws of the few-shot split."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptsearch.report.words import cell_words
from promptsearch.scoring.intervals import RESAMPLES
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.discover import run
from promptsearch.study.finalist import HAND_WRITTEN, Finalist
from promptsearch.study.observer import Observer
from promptsearch.study.result import Discovery
from promptsearch.tasks.task import gold

KINDS = ("best", "together", "hand-written", "manual")
"""Prompts that are compared: the one found, the best ones together, the best hand-written one chosen on the
same dev examples, and the one that a person would write first."""


@dataclass(frozen=True)
class SeedResult:
    """What one seed chose, and its figures on test.

    Attributes:
        dev: figure of the best on dev.
        test: figure of each of `KINDS`; NaN where there is none.
        correct: whether each test example was right, of each of `KINDS`.
        ended: whether all was tried, or the budget was spent.
    """

    seed: int
    plm: str
    template: str
    words: str
    calibration: str
    dev: float
    test: dict[str, float]
    correct: dict[str, NDArray[np.bool_]]
    n_test: int
    seconds: float
    combinations: int
    ended: str


@dataclass(frozen=True)
class Margin:
    """Mean difference over seeds, in accuracy, with its paired 95 % interval."""

    value: float
    low: float
    high: float


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

    def mean(self, kind: str) -> float:
        """Mean over seeds of one of `KINDS` on test, or of `dev`."""
        return float(np.mean(self._values(kind)))

    def spread(self, kind: str) -> float:
        """Standard deviation over seeds; 0 for one seed."""
        values = self._values(kind)
        return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0

    def margin(self, kind: str, over: str) -> Margin | None:
        """How much more test examples one kind has right than another, over all seeds.

        Test examples are drawn with replacement, each with its answers of all seeds, so that the interval is
        about other examples of the task, for these draws of train and dev.
        """
        pairs = [(r.correct[kind], r.correct[over]) for r in self.seeds if {kind, over} <= r.correct.keys()]
        return margin_of(pairs) if len(pairs) == len(self.seeds) else None

    def _values(self, kind: str) -> list[float]:
        return [result.dev if kind == "dev" else result.test[kind] for result in self.seeds]


def margin_of(pairs: Sequence[tuple[NDArray[np.bool_], NDArray[np.bool_]]]) -> Margin:
    """How much more often the first of each pair is right than the second, see `Accuracy.margin`.

    Args:
        pairs: one a seed, (n,) whether each test example was right; the same examples for all seeds.
    """
    each = np.mean([a.astype(float) - b.astype(float) for a, b in pairs], axis=0)
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(each), size=(RESAMPLES, len(each)))
    low, high = np.quantile(each[drawn].mean(axis=1), [0.025, 0.975])
    return Margin(float(each.mean()), float(low), float(high))


def measure(config: DiscoverConfig, seeds: Sequence[int], observer: Observer | None = None) -> Accuracy:
    """Run `discover` once a seed; runs are written to a temporary folder and dropped.

    Every seed draws train and dev anew. The test split is the same for all.

    Raises:
        KeyboardInterrupt: the user has stopped a run.
    """
    results: list[SeedResult] = []
    found: Discovery | None = None
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            found = run(replace(config, seed=seed, out=Path(folder) / "run"), observer or Observer())
        if found.best.test is None:
            raise KeyboardInterrupt
        results.append(_result(seed, found))
    if found is None:
        raise ValueError("no seed")
    return Accuracy(
        found.task.name,
        found.task.stand_in_for,
        found.task.metric,
        tuple(config.plms or ()),
        config.shots,
        found.majority_test.value(found.task.metric),
        tuple(results),
    )


def _result(seed: int, found: Discovery) -> SeedResult:
    metric, best = found.task.metric, found.best
    labels = np.asarray(gold(found.task.test))
    # The best stands twice where it is hand-written itself.
    itself = best if best.trial.candidate.engine == "manual" else None
    by_hand = next((f for f in found.finalists if f.role == HAND_WRITTEN), itself)
    chosen: dict[str, Finalist | None] = {"best": best, "hand-written": by_hand, "manual": found.manual}
    test = {kind: each.test.value(metric) for kind, each in chosen.items() if each is not None and each.test}
    answers = {kind: each.predictions for kind, each in chosen.items() if each is not None}
    if found.together is not None and found.together.test is not None:
        test["together"] = found.together.test.value(metric)
        answers["together"] = found.together.predictions
    return SeedResult(
        seed,
        best.trial.plm,
        str(best.trial.candidate.template),
        cell_words(best.trial.candidate),
        best.trial.calibration.method,
        best.trial.dev.value(metric),
        {kind: test.get(kind, float("nan")) for kind in KINDS},
        {kind: given == labels for kind, given in answers.items() if given is not None},
        len(labels),
        found.seconds,
        len(found.trials),
        found.ended,
    )


def record(found: Accuracy) -> dict[str, Any]:
    """All of that as JSON, without the answers to single examples."""
    kept = {**asdict(found), "seeds": [asdict(result) for result in found.seeds]}
    for result in kept["seeds"]:
        del result["correct"]
        result["test"] = {kind: None if np.isnan(value) else value for kind, value in result["test"].items()}
    return kept


def markdown(found: Accuracy) -> str:
    """A section of a report: one line a seed, then means, spreads and margins."""
    from promptsearch.report.marks import table

    shots = "all" if found.shots is None else f"{found.shots} a class"
    on = f"{found.task} in place of {found.stand_in_for}" if found.stand_in_for else found.task
    titles = ("seed", "dev of the best", *(f"{kind}, test" for kind in KINDS), "seconds", "the best prompt")
    rows = [
        (
            str(result.seed),
            f"{100 * result.dev:.1f}",
            *(_percent(result.test[kind]) for kind in KINDS),
            f"{result.seconds:.0f}" + ("" if result.ended == "done" else f" ({result.ended})"),
            f"{result.plm}: {result.template} ({result.words}; {result.calibration})",
        )
        for result in found.seeds
    ]
    means = ", ".join(
        f"{kind} **{_percent(found.mean(kind))}** (standard deviation {_percent(found.spread(kind))})"
        for kind in KINDS
    )
    lines = [
        f"## {on}: {', '.join(found.plms)}, {shots}, {found.metric}",
        table(titles, rows),
        f"Mean over {len(found.seeds)} seeds on {found.seeds[0].n_test} test examples: {means}; majority "
        f"class {_percent(found.majority)}; the best on dev {_percent(found.mean('dev'))}.",
        *_margins(found),
    ]
    return "\n\n".join(lines) + "\n"


def _margins(found: Accuracy) -> list[str]:
    """What stands above what, and by how much."""
    told = []
    for kind, over in (("best", "hand-written"), ("together", "hand-written"), ("together", "best")):
        margin = found.margin(kind, over)
        if margin is not None:
            low, high = f"{100 * margin.low:+.1f}", f"{100 * margin.high:+.1f}"
            told.append(
                f"- {kind} minus {over}: {100 * margin.value:+.1f} points of accuracy ({low} to {high})"
            )
    return ["\n".join(told)] if told else []


def _percent(value: float) -> str:
    return "–" if np.isnan(value) else f"{100 * value:.1f}"
