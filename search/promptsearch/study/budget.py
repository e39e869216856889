"""How much a search may spend, and how much of that is left."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from promptsearch.errors import OptionError

PRESETS: dict[str, float] = {"quick": 1.0, "standard": 10.0, "thorough": 60.0}
"""Minutes that a search may take at most where none are given; it ends sooner when all has been tried."""

# By what share of it the time may be passed.
_GRACE = 0.05
# Under these, loading a PLM alone takes longer than the search.
_LEAST_MINUTES = 0.05


@dataclass(frozen=True)
class Limits:
    """What a search may spend.

    Attributes:
        minutes: wall clock, set-up and report included; None is no limit. A search that was stopped or killed
            does not pay again for what it had: to start once more, load the PLMs and take up what was tried
            comes on top (`Clock.extra`).
        evaluations: templates evaluated, over all PLMs; None is no limit.
    """

    minutes: float | None = None
    evaluations: int | None = None

    def __post_init__(self) -> None:
        if self.minutes is not None and not self.minutes >= _LEAST_MINUTES:
            raise OptionError(
                f"a search cannot be done in {self.minutes:g} minutes",
                hint=f"Give --minutes {_LEAST_MINUTES:g} or more.",
            )
        if self.evaluations is not None and self.evaluations < 1:
            raise OptionError("a search needs at least one evaluation", hint="Give --evaluations 1 or more.")

    @classmethod
    def of(cls, minutes: float | None, evaluations: int | None, preset: str) -> Limits:
        """What was asked for; the preset's time where neither time nor evaluations were.

        Raises:
            OptionError: there is no such preset, or a limit under which nothing can be done.
        """
        if preset not in PRESETS:
            raise OptionError(f"there is no preset {preset!r}", hint=f"There are {', '.join(PRESETS)}.")
        if minutes is None and evaluations is None:
            minutes = PRESETS[preset]
        return cls(minutes, evaluations)

    def shared(self, draws: int) -> Limits:
        """What each of so many searches, one after another, may spend: its part of the time."""
        return (
            self
            if self.minutes is None
            else Limits(max(_LEAST_MINUTES, self.minutes / draws), self.evaluations)
        )


@dataclass
class Pace:
    """How fast prompts go through a PLM, by all that did so far."""

    seconds: float = 0.0
    prompts: int = 0

    def add(self, seconds: float, prompts: int) -> None:
        """So many more prompts took so much more time."""
        self.seconds += seconds
        self.prompts += prompts

    @property
    def each(self) -> float:
        """Seconds that a prompt takes; 0 before there were any."""
        return self.seconds / self.prompts if self.prompts else 0.0


class TimeUp(Exception):
    """The time for searching is over; raised in the middle of forward passes."""


@dataclass
class Clock:
    """Time and evaluations that are left.

    Attributes:
        spent: seconds that earlier sittings of the same search took.
        reserved: seconds that will be needed when the search itself is over, for test and report.
        begun: when this sitting has begun, by `now`; None for now.
        evaluations: templates evaluated so far, those of earlier sittings and other workers included.
        extra: seconds on top, in which sittings got back to where the search had been stopped.
    """

    limits: Limits
    spent: float = 0.0
    reserved: float = 0.0
    evaluations: int = 0
    now: Callable[[], float] = time.monotonic
    begun: float | None = None
    extra: float = 0.0
    _start: float = field(default=0.0, repr=False)
    _still: float | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._start = self.now() if self.begun is None else self.begun

    @property
    def seconds(self) -> float:
        """Taken so far, earlier sittings included."""
        now = self.now() if self._still is None else self._still
        return self.spent + now - self._start

    def go_on(self, spent: float, extra: float) -> None:
        """Count from here on top of what earlier sittings took: getting here was paid for before."""
        now = self.now()
        self.spent, self.extra, self._start = spent, extra + now - self._start, now

    @contextmanager
    def standing_still(self) -> Generator[None]:
        """Within, no time counts: what is done was paid for when it was done first."""
        self._still = begun = self.now()
        try:
            yield
        finally:
            took = self.now() - begun
            self._start, self.extra, self._still = self._start + took, self.extra + took, None

    @property
    def left(self) -> float | None:
        """Seconds left for searching; None without a limit. Below 0 when they are over."""
        if self.limits.minutes is None:
            return None
        return 60 * self.limits.minutes - self.reserved - self.seconds

    def ending(self) -> Clock:
        """The clock of what is done when the search is over: nothing is reserved, a little more allowed."""
        minutes = self.limits.minutes
        grace = 0.0 if minutes is None else _GRACE * 60 * minutes
        return Clock(Limits(minutes), self.seconds, -grace, now=self.now)

    @property
    def evaluations_left(self) -> int | None:
        """Templates that may still be evaluated; None without a limit."""
        if self.limits.evaluations is None:
            return None
        return max(0, self.limits.evaluations - self.evaluations)

    @property
    def share_spent(self) -> float:
        """How much of the budget is spent, time or evaluations: 0 without a limit, 1 when it is over."""
        shares = [0.0]
        if (left := self.left) is not None:
            whole = left + self.seconds
            shares.append(self.seconds / whole if whole > 0 and left > 0 else 1.0)
        if self.limits.evaluations is not None:
            shares.append(self.evaluations / self.limits.evaluations)
        return min(1.0, max(shares))

    @property
    def over(self) -> bool:
        """Whether nothing more may be begun."""
        left = self.left
        return (left is not None and left <= 0) or self.evaluations_left == 0

    def check(self) -> None:
        """Stop work that is under way when the time is over.

        Raises:
            TimeUp: it is.
        """
        left = self.left
        if left is not None and left <= 0:
            raise TimeUp
