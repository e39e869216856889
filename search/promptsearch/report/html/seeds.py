"""What several draws of the few-shot split have in common."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from promptsearch.report.document import Figure, SeedRow
from promptsearch.report.html.figures import percent


@dataclass(frozen=True)
class Mean:
    """Mean, standard deviation (of the sample) and ends of some figures, in percent, as text."""

    mean: str
    deviation: str
    ends: str


def seed_means(rows: Sequence[SeedRow]) -> dict[str, Mean | None]:
    """Over all draws: dev, test, the manual prompt, and how much the best is better on test.

    None where a draw lacks the figure.
    """
    dev = [row.dev.value for row in rows]
    test = [_value(row.test) for row in rows]
    manual = [_value(row.manual) for row in rows]
    gain = [None if a is None or b is None else a - b for a, b in zip(test, manual)]
    return {"dev": _mean(dev), "test": _mean(test), "manual": _mean(manual), "gain": _mean(gain)}


def _value(figure: Figure | None) -> float | None:
    return None if figure is None else figure.value


def _mean(values: Sequence[float | None]) -> Mean | None:
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    deviation = statistics.stdev(known) if len(known) > 1 else None
    return Mean(
        percent(statistics.fmean(known)),
        percent(deviation),
        f"{percent(min(known))} to {percent(max(known))}",
    )
