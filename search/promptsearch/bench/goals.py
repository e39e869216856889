"""What promptsearch promises about its speed and memory, held against a measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from promptsearch.bench.comparison import Comparison
from promptsearch.bench.verbalizers import VerbalizerRate

_RATE = 20_000.0


@dataclass(frozen=True)
class Goal:
    """One promise: what, the figure found, the figure wanted."""

    what: str
    found: float
    wanted: float
    at_least: bool = True

    @property
    def met(self) -> bool:
        """Whether the figure found is at least, or at most, the one wanted."""
        return self.found >= self.wanted if self.at_least else self.found <= self.wanted

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {**asdict(self), "met": self.met}


def goals_of(comparison: Comparison) -> list[Goal]:
    """Speed against every other contender, and no more memory than any of them."""
    promise, own = comparison.promise, comparison.entries[0].peak_bytes
    if promise is None:
        return []
    goals = [
        Goal(f"{comparison.title}: × as fast as {entry.title}", comparison.ratio(entry), promise.speed)
        for entry in comparison.others
    ]
    for entry in comparison.others if promise.memory else ():
        if own is not None and entry.peak_bytes is not None:
            what = f"{comparison.title}: peak MB beside {entry.title}"
            goals.append(Goal(what, own / 1e6, entry.peak_bytes / 1e6, at_least=False))
    return goals


def goals_of_rates(rates: Sequence[VerbalizerRate]) -> list[Goal]:
    """Verbalizers a second under every calibration."""
    return [Goal(f"verbalizers a second, calibration {rate.calibration}", rate.rate, _RATE) for rate in rates]
