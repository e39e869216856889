"""How good mined frames are on classification: the best of them on dev beside hand-written templates."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from promptsearch.scoring.intervals import mcnemar
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.discover import run
from promptsearch.study.observer import Observer
from promptsearch.study.selection import ranked_on_train
from promptsearch.study.trial import Trial

HAND_WRITTEN = 10


@dataclass(frozen=True)
class FramesResult:
    """One task on one PLM.

    Attributes:
        manual: the library's first templates, each with what does best for it on train.
        mined: likewise, what mining gave.
        sentences: of the text that was mined.
    """

    task: str
    stand_in_for: str | None
    metric: str
    plm: str
    manual: tuple[Trial, ...]
    mined: tuple[Trial, ...]
    majority: float
    sentences: int
    seconds: float
    mining_seconds: float


def measure(config: DiscoverConfig, observer: Observer | None = None) -> list[FramesResult]:
    """Search with hand-written and mined templates alone; one result a PLM."""
    with tempfile.TemporaryDirectory() as folder:
        config = replace(config, engines=("manual", "mining"), out=Path(folder) / "run")
        found = run(config, observer or Observer())
    mining = found.mining
    return [
        FramesResult(
            found.task.name,
            found.task.stand_in_for,
            found.task.metric,
            plm,
            tuple(_of_engine(found.trials, plm, "manual", found.task.metric)[:HAND_WRITTEN]),
            tuple(_of_engine(found.trials, plm, "mining", found.task.metric)),
            found.majority_dev.value(found.task.metric),
            mining.sentences if mining is not None else 0,
            found.seconds,
            mining.seconds if mining is not None else 0.0,
        )
        for plm in dict.fromkeys(trial.plm for trial in found.trials)
    ]


def _of_engine(trials: Sequence[Trial], plm: str, engine: str, metric: str) -> list[Trial]:
    """Each template once, as it does best on train, in the order in which the engine gave them."""
    own = [trial for trial in trials if trial.plm == plm and trial.candidate.engine == engine]
    best = {}
    for trial in ranked_on_train(own, metric):
        best.setdefault(trial.candidate.template, trial)
    return [best[template] for template in dict.fromkeys(trial.candidate.template for trial in own)]


def record(result: FramesResult) -> dict[str, Any]:
    """As JSON."""
    return {
        "task": result.task,
        "plm": result.plm,
        "metric": result.metric,
        "manual": [trial.record(result.metric) for trial in result.manual],
        "mined": [trial.record(result.metric) for trial in result.mined],
        "majority": result.majority,
        "sentences": result.sentences,
    }


def markdown(result: FramesResult) -> str:
    """A section of the report."""
    from promptsearch.report.marks import table
    from promptsearch.report.rows import figure
    from promptsearch.report.words import short_words

    metric = result.metric
    on = f"{result.task} in place of {result.stand_in_for}" if result.stand_in_for else result.task
    title = f"## {on}: {result.plm}"
    mining = f"{result.sentences:,} sentences were mined in {result.mining_seconds:.0f} s."
    if not result.mined:
        return f"{title}\n\n{mining} Nothing was found that the PLM can read.\n"

    def best(trials: Sequence[Trial]) -> Trial:
        return max(trials, key=lambda trial: (trial.dev.value(metric), trial.dev.log_likelihood))

    hand, mined = best(result.manual), best(result.mined)
    low, _ = hand.dev.interval(metric)
    reached = "is" if mined.dev.value(metric) >= low else "is not"
    rows = [
        (
            name,
            figure(trial.dev, metric),
            str(trial.candidate.template),
            short_words(trial.candidate.verbalizer),
        )
        for name, trial in (
            (f"best of {len(result.manual)} hand-written", hand),
            (f"best of {len(result.mined)} mined", mined),
            *(("mined", trial) for trial in result.mined if trial is not mined),
        )
    ]
    return (
        f"{title}\n\n{table(('', f'dev {metric}', 'template', 'label words'), rows)}\n\n"
        f"The best mined template {reached} within the interval of the best hand-written one, or above it; "
        f"exact McNemar test between the two: p = {mcnemar(mined.dev_correct, hand.dev_correct):.2f}. "
        f"Majority class {100 * result.majority:.1f}. {mining}\n"
    )
