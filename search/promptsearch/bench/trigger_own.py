"""Losses and first-order scores of single triggers, by the parts that the engine is made of."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from promptsearch.bench.trigger_job import Search, TriggerJob
from promptsearch.engines.trigger.config import TriggerConfig
from promptsearch.engines.trigger.costs import Costs
from promptsearch.engines.trigger.swaps import ranked_swaps, swap_scores
from promptsearch.engines.trigger.vocabulary import Banned, allowed_tokens
from promptsearch.objective import LabelObjective
from promptsearch.plms import load_plm
from promptsearch.plms.free import FreeReader, IntArray
from promptsearch.plms.local import LocalPLM
from promptsearch.template import Template

FloatArray = NDArray[np.float64]
_READ_AT_ONCE = 64
# Of nanoGCG: candidates of a step, and the best swaps of a place from which they are drawn.
_WIDTH, _TOP = 512, 256


@dataclass(frozen=True)
class Losses:
    """The prompts of a job, and what a trigger does to them.

    Attributes:
        allowed: ids of tokens that may stand in a trigger.
        rows: the prompts that are read.
    """

    reader: FreeReader
    objective: LabelObjective
    costs: Costs
    allowed: IntArray
    rows: tuple[int, ...]

    @classmethod
    def of(cls, job: TriggerJob, dtype: str = "float32", rows: Sequence[int] | None = None) -> Losses:
        """Load the PLM.

        Args:
            rows: the prompts that count; all by default.
        """
        plm = load_plm(job.plm, device="cpu", dtype=dtype, cache=False, offline=True)
        assert isinstance(plm, LocalPLM)
        task, verbalizer, template = job.task(), job.verbalizer(), Template.parse(job.template)
        config = TriggerConfig()
        special = plm.encoder.tokenizer.all_special_ids
        allowed = allowed_tokens(plm.vocabulary("a"), special, Banned.of(task, verbalizer, config), config)
        chosen = tuple(range(len(job.ids))) if rows is None else tuple(rows)
        gold = np.asarray([job.labels[row] for row in chosen], dtype=np.int64)
        return cls(
            plm.free_reader(template, task.train),
            LabelObjective.of(plm, template, verbalizer),
            Costs.of(config.objective, gold, config.balanced, config.calibrated),
            np.flatnonzero(allowed),
            chosen,
        )

    def losses(self, fillings: IntArray) -> FloatArray:
        """(c,) losses of fillings (c, m), in nats."""
        parts = [fillings[i : i + _READ_AT_ONCE] for i in range(0, len(fillings), _READ_AT_ONCE)]
        found = [self.costs.loss(self.costs.of_examples(self._scores(part))) for part in parts]
        return torch.cat(found).double().cpu().numpy()

    def of_tokens(self, filling: Sequence[int], place: int, tokens: IntArray) -> FloatArray:
        """(t,) losses with each token in one place."""
        fillings = np.tile(np.asarray(filling, dtype=np.int64), (len(tokens), 1))
        fillings[:, place] = tokens
        return self.losses(fillings)

    def gradient(self, filling: Sequence[int]) -> Tensor:
        """(m, d) derivative of the loss by the trigger's embeddings."""
        vectors = self.reader.matrix[torch.tensor(list(filling))].float().requires_grad_()
        for batch in self.reader.batches(self.rows):
            scores = self.objective.scores(self.reader.read_vectors(vectors, batch))
            within = [self.rows.index(row) for row in batch]
            (self.costs.of_examples(scores, within).sum() / len(self.rows)).backward()
        assert vectors.grad is not None
        return vectors.grad

    def promised(self, filling: Sequence[int]) -> FloatArray:
        """(m, vocabulary) first-order scores of all swaps."""
        return swap_scores(self.gradient(filling), self.reader.matrix, filling)

    def _scores(self, fillings: IntArray) -> Tensor:
        states = self.reader.read(fillings, self.rows)
        return self.objective.scores(states.flatten(0, 1)).view(len(fillings), len(self.rows), -1)


def one_prompt(job: TriggerJob) -> Callable[[float], Search]:
    """A search on one prompt alone, with the steps of nanoGCG: what remains without prompts read together."""
    row = job.median
    losses = Losses.of(job, "auto", [row])
    allowed = np.zeros(len(losses.reader.matrix), dtype=np.bool_)
    allowed[losses.allowed] = True

    def search(seconds: float) -> Search:
        rng, begun = np.random.default_rng(job.seed), time.perf_counter()
        best, forwards, steps = np.asarray(job.start, dtype=np.int64), 0, 0
        while steps == 0 or time.perf_counter() - begun < seconds:
            scores = losses.promised(best.tolist())
            tops = [ranked_swaps(scores[[place]], allowed, _TOP)[:, 1] for place in range(len(best))]
            fillings = np.tile(best, (_WIDTH, 1))
            places = rng.integers(len(best), size=_WIDTH)
            fillings[np.arange(_WIDTH), places] = [rng.choice(tops[place]) for place in places]
            best = fillings[int(losses.losses(fillings).argmin())]
            forwards, steps = forwards + _WIDTH, steps + 1
        return Search(time.perf_counter() - begun, forwards, forwards, steps)

    search(0.0)
    return search
