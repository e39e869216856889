"""The training loop: batches, schedule, looks at the held-out loss, saves."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from promptsearch.errors import OptionError
from promptsearch.interrupts import interruptible
from promptsearch.plms.pretrain.config import PretrainConfig
from promptsearch.plms.pretrain.data import Sequences, batches_of_epoch
from promptsearch.plms.pretrain.masking import MaskedBatch, Shares, SpecialIds, mask_batch
from promptsearch.plms.pretrain.network import masked_loss
from promptsearch.plms.pretrain.state import Progress, save_state

# A run too short for the whole warm-up spends this share of itself on it.
_LONGEST_WARM_UP = 0.1


@dataclass(frozen=True)
class StepReport:
    """What a callback is told after every step.

    Attributes:
        fraction: share of the run that is done, 0 to 1.
        loss: of this step's batch, in nats a token.
        held_out: the latest held-out loss.
    """

    step: int
    fraction: float
    tokens: int
    seconds: float
    loss: float
    held_out: float


Report = Callable[[StepReport], None]


@dataclass(frozen=True)
class Corpus:
    """Token sequences, and which of them are trained on and which are kept out."""

    sequences: Sequences
    train: NDArray[np.int64]
    held_out: NDArray[np.int64]
    special: SpecialIds


def make_optimizer(model: torch.nn.Module, config: PretrainConfig) -> torch.optim.AdamW:
    """AdamW with weight decay on matrices only."""
    parameters = list(model.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.peak_rate, betas=config.betas, eps=config.epsilon)


def rate_factor(step: int, fraction: float, warm_up_steps: int) -> float:
    """Share of the peak rate: linear warm-up, then linear to 0 at the end of the run.

    The warm-up ends after `warm_up_steps`, or after a tenth of a run that is shorter than ten times that.
    """
    warm = max((step + 1) / warm_up_steps if warm_up_steps else 1.0, fraction / _LONGEST_WARM_UP)
    return min(1.0, warm) * (1.0 - fraction)


class Trainer:
    """Trains a masked PLM in place.

    Args:
        progress: counters to go on from; kept up to date.
        run: what the run is, saved with its state.
    """

    def __init__(
        self,
        config: PretrainConfig,
        model: Any,
        optimizer: torch.optim.Optimizer,
        corpus: Corpus,
        progress: Progress,
        run: dict[str, object],
    ) -> None:
        self.config, self.model, self.optimizer = config, model, optimizer
        self.corpus, self.progress, self.run_of = corpus, progress, run
        self.shares = Shares(config.chosen, config.masked, config.kept)
        self._epoch: tuple[int, list[NDArray[np.int64]]] = (-1, [])

    def train(self, state: Path, report: Report | None = None) -> bool:
        """Train to the end of the run. Ctrl-C ends it after the step in flight, with the state saved.

        Returns:
            Whether the run is finished.

        Raises:
            OptionError: the loss is not a number any more.
            StorageError: the state cannot be saved.
        """
        if not self.progress.held_out:
            self._look()
        last_look = last_save = self.progress.seconds
        with interruptible() as interrupted:
            while (fraction := self.fraction) < 1.0:
                loss = self._timed_step(fraction)
                if self.progress.seconds - last_look >= 60 * self.config.evaluate_minutes:
                    self._look()
                    last_look = self.progress.seconds
                if report:
                    report(self._report(loss))
                if interrupted.is_set():
                    self._save(state)
                    return False
                if self.progress.seconds - last_save >= 60 * self.config.save_minutes:
                    self._save(state)
                    last_save = self.progress.seconds
        self._look()
        return True

    @property
    def fraction(self) -> float:
        """Share of the run that is done: of its steps, or of its time."""
        if self.config.steps is not None:
            return min(1.0, self.progress.step / self.config.steps)
        assert self.config.minutes is not None
        return min(1.0, self.progress.seconds / (60 * self.config.minutes))

    def held_out_loss(self) -> float:
        """Mean loss (nats) at the masked tokens of the held-out sequences; the masks are always the same."""
        random = np.random.default_rng([self.config.seed, 3])
        shares = Shares(self.config.held_out_masked, masked=1.0, kept=0.0)
        total = count = 0.0
        with torch.no_grad():
            for indices in self._batches(self.corpus.held_out, epoch=0):
                batch = self._mask(indices, shares, random)
                total += float(masked_loss(self.model, batch)) * len(batch.targets)
                count += len(batch.targets)
        return total / count

    def _timed_step(self, fraction: float) -> float:
        start = time.perf_counter()
        loss = self._step(self._next_batch(), fraction)
        self.progress.seconds += time.perf_counter() - start
        if not math.isfinite(loss):
            raise OptionError(
                f"the loss is {loss} at step {self.progress.step}",
                hint="Lower the peak rate and start again.",
            )
        return loss

    def _step(self, batch: MaskedBatch, fraction: float) -> float:
        factor = rate_factor(self.progress.step, fraction, self.config.warm_up_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.peak_rate * factor
        self.optimizer.zero_grad(set_to_none=True)
        loss = masked_loss(self.model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self.optimizer.step()
        self.progress.step += 1
        self.progress.tokens += int(batch.attention.sum())
        return loss.item()

    def _next_batch(self) -> MaskedBatch:
        progress = self.progress
        if self._epoch[0] != progress.epoch:
            self._epoch = progress.epoch, self._batches(self.corpus.train, progress.epoch)
        batches = self._epoch[1]
        indices = batches[progress.batch]
        progress.batch += 1
        if progress.batch == len(batches):
            progress.epoch, progress.batch = progress.epoch + 1, 0
        return self._mask(indices, self.shares, np.random.default_rng([self.config.seed, 4, progress.step]))

    def _batches(self, indices: NDArray[np.int64], epoch: int) -> list[NDArray[np.int64]]:
        config = self.config
        lengths = self.corpus.sequences.lengths
        return batches_of_epoch(lengths, indices, config.batch_tokens, config.bucket, config.seed, epoch)

    def _mask(self, indices: NDArray[np.int64], shares: Shares, random: np.random.Generator) -> MaskedBatch:
        return mask_batch([self.corpus.sequences[i] for i in indices], self.corpus.special, shares, random)

    def _look(self) -> None:
        self.progress.held_out.append((self.progress.tokens, self.held_out_loss()))

    def _save(self, state: Path) -> None:
        save_state(state, self.model, self.optimizer, self.progress, self.run_of)

    def _report(self, loss: float) -> StepReport:
        progress = self.progress
        held_out = progress.held_out[-1][1]
        return StepReport(progress.step, self.fraction, progress.tokens, progress.seconds, loss, held_out)
