"""How far figures of many prompts lie apart, in numbers and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptsearch.report.document import ReportDocument
from promptsearch.report.plots.baselines import MANUAL_ENGINE
from promptsearch.showing import printable


@dataclass(frozen=True)
class Spread:
    """Least, quartiles and most of some values."""

    n: int
    least: float
    lower: float
    median: float
    upper: float
    most: float


def spread_of(values: Sequence[float]) -> Spread:
    """Of at least one value; quartiles lie between values as the default of numpy's percentile has it."""
    ordered = sorted(values)
    lower, median, upper = (_quantile(ordered, share) for share in (0.25, 0.5, 0.75))
    return Spread(len(ordered), ordered[0], lower, median, upper, ordered[-1])


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def spread_sentence(document: ReportDocument) -> str:
    """`hand-written prompts: 48.0 to 82.0, median 61.0; mining: …`, on dev in percent; "" without figures."""
    values: dict[str, list[float]] = {}
    for point in document.candidates:
        if point.dev is not None:
            values.setdefault(point.engine, []).append(point.dev)
    # Hand-written prompts first, since theirs is the spread that a user without a search meets.
    engines = sorted(values, key=lambda engine: engine != MANUAL_ENGINE)
    return "; ".join(_told(engine, spread_of(values[engine])) for engine in engines)


def _told(engine: str, spread: Spread) -> str:
    name = "hand-written prompts" if engine == MANUAL_ENGINE else printable(engine)
    if spread.n == 1:
        return f"{name}: {100 * spread.median:.1f}, one prompt"
    least, median, most = (f"{100 * value:.1f}" for value in (spread.least, spread.median, spread.most))
    return f"{name}: {least} to {most}, median {median}"
