"""Losses and promises of single triggers, by the parts that the engine is made of."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from promptsearch.bench.trigger_contenders import PLAIN
from promptsearch.bench.trigger_job import Search, TriggerJob
from promptsearch.engines.base import Budget
from promptsearch.engines.trigger.arms import Arm, Ground, tools_for
from promptsearch.engines.trigger.config import Promise, TriggerConfig
from promptsearch.engines.trigger.drawing import SwapProposer
from promptsearch.engines.trigger.promises import Promises
from promptsearch.engines.trigger.reading import Filling, Reading
from promptsearch.engines.trigger.spending import Meter
from promptsearch.engines.trigger.swaps import ranked_swaps
from promptsearch.plms import load_plm
from promptsearch.plms.local import LocalPLM
from promptsearch.template import Template

FloatArray = NDArray[np.float64]
# Of nanoGCG: candidates of a step, and the best swaps of a place from which they are drawn.
_WIDTH, _TOP = 512, 256


@dataclass(frozen=True)
class Losses:
    """The prompts of a job, and what a trigger does to them.

    Attributes:
        allowed: (vocabulary,) tokens that may stand in a trigger.
    """

    reading: Reading
    promises: Promises
    allowed: NDArray[np.bool_]

    @classmethod
    def of(cls, job: TriggerJob, dtype: str = "float32", promise: Promise = "scores") -> Losses:
        """Load the PLM, and lay out the prompts as the engine does.

        Args:
            promise: as `TriggerConfig` takes it.
        """
        plm = load_plm(job.plm, device="cpu", dtype=dtype, cache=False, offline=True)
        assert isinstance(plm, LocalPLM)
        config = TriggerConfig(**PLAIN, promise=promise, batch=None, most_examples=len(job.ids))
        ground = Ground.of(job.task(), plm, job.verbalizer(), config, Meter(Budget()), job.seed)
        climber = tools_for(Arm(Template.parse(job.template)), ground).climber
        assert isinstance(climber.proposer, SwapProposer)
        return cls(climber.reading, climber.proposer.promises, ground.allowed)

    def promising(self, promise: Promise) -> Losses:
        """The same with promises of another kind."""
        return replace(self, promises=replace(self.promises, kind=promise))

    def losses(self, fillings: Sequence[Filling]) -> FloatArray:
        """(c,) losses of fillings, in nats."""
        costs = self.reading.costs
        return costs.loss(costs.of_examples(self.reading.scores(fillings))).numpy()

    def promised(self, filling: Filling) -> FloatArray:
        """(m, vocabulary) how far every swap is promised to bring the loss down."""
        return self.promises.of(filling, float(self.losses([filling])[0])).gains


def one_prompt(job: TriggerJob) -> Callable[[float], Search]:
    """A search on one prompt alone, with the steps of nanoGCG: what remains without prompts read together."""
    start, seed = job.start, job.seed
    losses = Losses.of(job.chosen([job.median]), "auto", "gradient")

    def search(seconds: float) -> Search:
        rng, begun = np.random.default_rng(seed), time.perf_counter()
        best, forwards, gradients = start, 0, 0
        while not gradients or time.perf_counter() - begun < seconds:
            gains = losses.promised(best)
            tops = [ranked_swaps(gains[[place]], losses.allowed, _TOP)[:, 1] for place in range(len(best))]
            drawn = [(place, int(rng.choice(tops[place]))) for place in rng.integers(len(best), size=_WIDTH)]
            fillings = [(*best[:place], token, *best[place + 1 :]) for place, token in drawn]
            best = fillings[int(losses.losses(fillings).argmin())]
            forwards, gradients = forwards + _WIDTH + 1, gradients + 1
        return Search(time.perf_counter() - begun, forwards, forwards, gradients)

    search(0.0)
    return search
