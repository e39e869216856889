"""What every contender of `bench soft` is asked: to learn soft tokens for the same labelled prompts."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from promptsearch.bench.labelled_job import LabelledJob


@dataclass(frozen=True, kw_only=True)
class SoftJob(LabelledJob):
    """Labelled prompts, and m soft tokens to be learned for them; `ids` are without soft tokens.

    Attributes:
        dtype: number format of the PLM.
        within: the template with the soft tokens where promptsearch puts them: right before the slot.
        front: the same with them before everything else, where peft puts them.
        start: (m, d) vectors that every contender starts from.
        batch: examples a step; `seed` decides which.
        unit: spread of the PLM's embeddings, in which promptsearch changes vectors.
        rate: learning rate in that unit.
    """

    dtype: str
    within: str
    front: str
    start: tuple[tuple[float, ...], ...]
    batch: int
    unit: float
    rate: float

    @property
    def soft_tokens(self) -> int:
        """m."""
        return len(self.start)

    @property
    def median_length(self) -> float:
        """Of the prompts, in tokens, soft ones included."""
        return median(map(len, self.ids)) + self.soft_tokens


@dataclass(frozen=True)
class SoftPass:
    """What a contender did in its time.

    Attributes:
        steps: updates.
        seconds: that they took, the loading of the PLM and a warm-up aside.
        loss: mean over the examples of the first step, before it, in nats.
        peak_bytes: most memory its process ever had.
    """

    steps: int
    seconds: float
    loss: float
    peak_bytes: int | None = None

    @property
    def rate(self) -> float:
        """Steps a second."""
        return self.steps / self.seconds
