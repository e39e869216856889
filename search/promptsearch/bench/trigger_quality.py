"""How good first-order scores are: whether the swap that is truly best is among those that promise most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptsearch.bench.trigger_job import TriggerJob
from promptsearch.engines.trigger.config import Promise
from promptsearch.tasks.drawing import drawn_by_class

FloatArray = NDArray[np.float64]
# Every token is read on each of them.
_PROMPTS = 8
TOPS = (1, 4, 16, 64)
KINDS: tuple[Promise, ...] = ("scores", "gradient")


@dataclass(frozen=True)
class Place:
    """One place of one trigger, in which many tokens were tried.

    Attributes:
        rank: of the truly best token by first-order score, from 0.
        lowest: true rank of the token that promises most, from 0.
        correlation: rank correlation of promised and true changes of the loss (Spearman).
    """

    rank: int
    lowest: int
    correlation: float


@dataclass(frozen=True)
class Quality:
    """What swaps promise on one PLM.

    Attributes:
        promise: how, as `TriggerConfig` takes it.
        tried: tokens of each place that were read on all prompts.
    """

    plm: str
    promise: Promise
    prompts: int
    tried: int
    places: tuple[Place, ...]

    def found(self, k: int) -> float:
        """Share of the places whose truly best token is among the k that promise most."""
        return float(np.mean([place.rank < k for place in self.places]))

    def factor(self, k: int) -> float:
        """How many times as often as k tokens drawn at random hold the truly best."""
        return self.found(k) / min(1.0, k / self.tried)

    @property
    def correlation(self) -> float:
        """Mean over the places."""
        return float(np.mean([place.correlation for place in self.places]))

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        tops = [k for k in TOPS if k < self.tried]
        return {
            **asdict(self),
            "found": {str(k): self.found(k) for k in tops},
            "factor": {str(k): self.factor(k) for k in tops},
            "correlation": self.correlation,
        }


def place_of(promised: FloatArray, true: FloatArray) -> Place:
    """Compare what tokens promise with what came of them.

    Args:
        promised: (t,) scores, highest for the token that promises the lowest loss.
        true: (t,) losses.
    """
    by_promise, by_loss = np.argsort(-promised, kind="stable"), np.argsort(true, kind="stable")
    ranks, true_ranks = np.empty(len(true)), np.empty(len(true))
    ranks[by_promise], true_ranks[by_loss] = np.arange(len(true)), np.arange(len(true))
    correlation = float(np.corrcoef(ranks, true_ranks)[0, 1])
    return Place(int(ranks[by_loss[0]]), int(true_ranks[by_promise[0]]), correlation)


def measure(
    job: TriggerJob, places: int, tried: int, progress: Callable[[str], None], dtype: str = "float32"
) -> tuple[Quality, ...]:
    """Try many tokens in one place after another, each of another trigger drawn at random.

    Args:
        tried: tokens, drawn from those that may stand in a trigger; read on eight of the prompts.

    Returns:
        One for each kind of promise, on the same swaps.
    """
    from promptsearch.bench.trigger_own import Losses

    few = job.chosen(drawn_by_class(job.task().train, _PROMPTS, job.seed))
    first, *others = KINDS
    losses = {first: Losses.of(few, dtype, first)}
    losses |= {kind: losses[first].promising(kind) for kind in others}
    allowed = np.flatnonzero(losses[first].allowed)
    rng = np.random.default_rng(job.seed)
    found: dict[Promise, list[Place]] = {kind: [] for kind in KINDS}
    for number in range(places):
        progress(f"{job.plm}: every swap of place {number + 1} of {places}")
        filling = tuple(rng.choice(allowed, len(job.free[0])).tolist())
        place = int(rng.integers(len(filling)))
        tokens = rng.choice(allowed, min(tried, len(allowed)), replace=False).tolist()
        true = losses[first].losses([(*filling[:place], t, *filling[place + 1 :]) for t in tokens])
        for kind, each in losses.items():
            found[kind].append(place_of(each.promised(filling)[place, tokens], true))
    n_tried = min(tried, len(allowed))
    return tuple(Quality(job.plm, kind, len(few.ids), n_tried, tuple(found[kind])) for kind in KINDS)


def rows_of(qualities: Sequence[Quality]) -> list[tuple[str, ...]]:
    """One row for each k: k, by chance, then for each kind of promise the share of places and the factor."""
    tried = qualities[0].tried
    return [
        (
            str(k),
            f"{100 * k / tried:.1f}",
            *(cell for q in qualities for cell in (f"{100 * q.found(k):.0f}", f"{q.factor(k):.0f}")),
        )
        for k in TOPS
        if k < tried
    ]
