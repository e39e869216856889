"""What every contender of `bench soft` is asked: to learn soft tokens for the same labelled prompts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from promptsearch.plms.base import Family
from promptsearch.tasks.task import Example
from promptsearch.verbalizer import Verbalizer


@dataclass(frozen=True)
class SoftJob:
    """n labelled prompts, and m soft tokens to be learned for them.

    Attributes:
        plm: the PLM's reference.
        folder: its config, tokenizer and weights on disk.
        dtype: number format of the PLM.
        within: the template with the soft tokens where promptsearch puts them: right before the slot.
        front: the same with them before everything else, where peft puts them.
        examples: field values.
        labels: index of each example's label.
        names: name of each label.
        words: one label word a label.
        tokens: id of each label word.
        ids: the prompts as ids, without soft tokens; on a causal PLM they end before the answer.
        answer: (n,) position in `ids` at which the answer is read.
        start: (m, d) vectors that every contender starts from.
        batch: examples a step.
        unit: spread of the PLM's embeddings, in which promptsearch changes vectors.
        rate: learning rate in that unit.
        seed: decides which examples a step sees.
    """

    plm: str
    folder: str
    family: Family
    dtype: str
    within: str
    front: str
    examples: tuple[dict[str, str], ...]
    labels: tuple[int, ...]
    names: tuple[str, ...]
    words: tuple[str, ...]
    tokens: tuple[int, ...]
    ids: tuple[tuple[int, ...], ...]
    answer: tuple[int, ...]
    start: tuple[tuple[float, ...], ...]
    batch: int
    unit: float
    rate: float
    seed: int = 0

    @property
    def labelled(self) -> list[Example]:
        """The examples as a task holds them."""
        return [Example(values, label) for values, label in zip(self.examples, self.labels)]

    @property
    def soft_tokens(self) -> int:
        """m."""
        return len(self.start)

    @property
    def median_length(self) -> float:
        """Of the prompts, in tokens, soft ones included."""
        return median(map(len, self.ids)) + self.soft_tokens

    def verbalizer(self) -> Verbalizer:
        """One word for each label."""
        return Verbalizer.of(dict(zip(self.names, self.words)), self.names)

    def to_json(self) -> str:
        """For another process."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> SoftJob:
        """Read what `to_json` gave."""
        values: dict[str, Any] = json.loads(text)
        for name in ("ids", "start"):
            values[name] = tuple(map(tuple, values[name]))
        for name in ("examples", "labels", "names", "words", "tokens", "answer"):
            values[name] = tuple(values[name])
        return cls(**values)


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
