"""Labelled prompts that every contender of a bench is asked to find something for."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from promptsearch.plms.base import Family
from promptsearch.tasks.task import Example
from promptsearch.verbalizer import Verbalizer


@dataclass(frozen=True, kw_only=True)
class LabelledJob:
    """n labelled prompts of one PLM.

    Attributes:
        plm: the PLM's reference.
        folder: its config, tokenizer and weights on disk.
        examples: field values.
        labels: index of each example's label.
        names: name of each label.
        words: one label word a label.
        tokens: id of each label word.
        ids: the prompts as ids; on a causal PLM they end before the answer.
        answer: (n,) position in `ids` at which the answer is read.
        seed: of all that is drawn.
    """

    plm: str
    folder: str
    family: Family
    examples: tuple[dict[str, str], ...]
    labels: tuple[int, ...]
    names: tuple[str, ...]
    words: tuple[str, ...]
    tokens: tuple[int, ...]
    ids: tuple[tuple[int, ...], ...]
    answer: tuple[int, ...]
    seed: int = 0

    @property
    def labelled(self) -> list[Example]:
        """The examples as a task holds them."""
        return [Example(values, label) for values, label in zip(self.examples, self.labels)]

    def verbalizer(self) -> Verbalizer:
        """One word for each label."""
        return Verbalizer.of(dict(zip(self.names, self.words)), self.names)

    def to_json(self) -> str:
        """For another process."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` gave."""
        values: dict[str, Any] = json.loads(text)
        return cls(**{field.name: _as_tuples(values[field.name]) for field in fields(cls)})


def _as_tuples(value: Any) -> Any:
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value
