"""From values to places in a plot, and the round values that are written beside an axis."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDE = 10.0
"""Values whose ends are further apart than this factor are shown by their logarithm."""
MOST_TICKS = 9
"""Of an axis."""
_STEPS = (1, 2, 5)
_UNITS = ((2 * 3600.0, 3600.0, "hours"), (120.0, 60.0, "minutes"), (0.0, 1.0, "seconds"))


@dataclass(frozen=True)
class Linear:
    """Equal differences, equal distances: `low` stands at `start`, `high` at `end`, in units."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


@dataclass(frozen=True)
class Logarithmic:
    """Equal ratios, equal distances; `low` is above 0."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        # A difference of logarithms, since the ratio of far ends may be infinite.
        low = math.log(self.low)
        share = (math.log(value) - low) / (math.log(self.high) - low)
        return self.start + share * (self.end - self.start)


def step_of(low: float, high: float, most: int) -> float:
    """The smallest of 1, 2, 5, 10, 20, … (and 0.5, 0.2, …) of which `most` fit between low and high."""
    rough = (high - low) / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in (*_STEPS, 10) if step * power >= rough * (1 - 1e-9))


def ticks(low: float, high: float, most: int = MOST_TICKS) -> list[float]:
    """Round values at equal distances from low to high, at most `most`; ends are in where they are round."""
    step = step_of(low, high, most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    # Division by the inverse keeps 0.3 from becoming 0.30000000000000004.
    return [i * step if step >= 1 else i / round(1 / step) for i in range(first, last + 1)]


def log_ticks(low: float, high: float, most: int = 8) -> list[float]:
    """1, 2, 5, 10, 20, … between low and high, powers of ten alone where those are too many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in (_STEPS, (1,)):
        found = [step * 10.0**power for power in powers for step in steps]
        found = [value for value in found if low <= value <= high]
        if len(found) <= most:
            return found
    return found[:: math.ceil(len(found) / most)]


def round_ends(values: Iterable[float], least: float = 5.0, most: int = MOST_TICKS) -> tuple[float, float]:
    """Round values that hold all values between them, at least `least` apart; `ticks` has both of them."""
    values = list(values)
    low, high = min(values), max(values)
    if high - low < least:
        middle = (low + high) / 2
        low, high = min(low, middle - least / 2), max(high, middle + least / 2)
    while True:
        step = step_of(low, high, most)
        ends = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
        # Ends that moved apart may ask for a larger step, of which they need not be multiples.
        if step_of(*ends, most) == step:
            return ends
        low, high = ends


def percent_ends(shares: Iterable[float]) -> tuple[float, float]:
    """Ends of an axis in percent, for shares; below 0 only where a share is, and never beyond ±100."""
    values = [100 * share for share in shares]
    low, high = round_ends(values)
    return max(low, 0.0 if min(values) >= 0 else -100.0), min(high, 100.0)


def fitting(values: Sequence[float], start: float, end: float) -> Linear | Logarithmic:
    """A scale for values from 0 up: logarithmic where they span more than WIDE and none is 0."""
    low, high = min(values), max(values)
    if low > 0 and high / low > WIDE:
        return Logarithmic(low / 1.15, high * 1.15, start, end)
    low, high = round_ends(values, least=max(1.0, 0.2 * high))
    return Linear(max(low, 0.0), high, start, end)


def unit_of(seconds: float) -> tuple[float, str]:
    """The unit in which so much time is told: its seconds and its name."""
    return next((size, name) for least, size, name in _UNITS if seconds >= least)


def percent(share: float) -> str:
    """A share as shown in text: 0.625 is 62.5."""
    return f"{100 * share:.1f}"
