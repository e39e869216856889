"""A labelled task: fields, labels, metric and splits."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from promptsearch.verbalizer import Label

if TYPE_CHECKING:
    from promptsearch.tasks.facts import FactSource

Metric = Literal["accuracy", "macro-f1", "mcc"]
SplitName = Literal["train", "dev", "test"]


@dataclass(frozen=True)
class Example:
    """One row: field values as text, and the index of its label in `Task.labels` (None: unlabelled)."""

    values: Mapping[str, str]
    label: int | None = None


@dataclass(frozen=True)
class Source:
    """Where a task's data came from: `file`, `folder`, `hub` or `sample`, and the place."""

    kind: Literal["file", "folder", "hub", "sample", "memory"]
    location: str


@dataclass(frozen=True)
class Task:
    """A labelled task.

    `splits` maps split names to examples. As loaded these are the source's own (`train`, `validation`,
    `test`, as far as it has them); `promptsearch.tasks.draw_splits` turns them into `train` (search),
    `dev` (selection) and `test` (reported once).

    Attributes:
        kind: what sort of task, for the library of hand-written prompts: sentiment, topic, pair, …
        labels: as they stand in the data, in order; predictions are written back in this form.
        label_names: a readable name for each label, in the same order.
        stand_in_for: the task that was asked for, when this is a bundled sample in its place.
        notices: what a user must be told about the data (duplicates removed, classes short of k, …).
        fact_source: for facts, where aliases and the source's other relations are read from.
    """

    name: str
    kind: str
    fields: tuple[str, ...]
    labels: tuple[Label, ...]
    label_names: tuple[str, ...]
    metric: Metric
    splits: Mapping[str, Sequence[Example]]
    source: Source = Source("memory", "")
    stand_in_for: str | None = None
    notices: tuple[str, ...] = ()
    shots: int | None = None
    seed: int | None = None
    fact_source: FactSource | None = field(default=None, compare=False, repr=False)
    _fingerprints: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def train(self) -> Sequence[Example]:
        """Examples for search: gradients, mining pairs, label words, calibration."""
        return self.splits["train"]

    @property
    def dev(self) -> Sequence[Example]:
        """Examples for selection."""
        return self.splits["dev"]

    @property
    def test(self) -> Sequence[Example]:
        """Examples that are scored once, for the report."""
        return self.splits["test"]

    @property
    def fingerprint(self) -> str:
        """sha256 over fields, labels and every example of every split (hex, 64 digits)."""
        if "all" not in self._fingerprints:
            digest = hashlib.sha256(json.dumps([self.fields, self.labels]).encode())
            for name in sorted(self.splits):
                digest.update(f"{name}:{fingerprint_examples(self.splits[name])};".encode())
            self._fingerprints["all"] = digest.hexdigest()
        return self._fingerprints["all"]

    def with_notices(self, *notices: str) -> Task:
        """The same task with more to tell the user."""
        return replace(self, notices=(*self.notices, *notices), _fingerprints={})


def fingerprint_examples(examples: Iterable[Example]) -> str:
    """sha256 over field values and labels of the examples, in order (hex, 64 digits)."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(json.dumps([sorted(example.values.items()), example.label]).encode())
    return digest.hexdigest()


def gold(examples: Sequence[Example]) -> list[int]:
    """Label indices of labelled examples."""
    return [example.label for example in examples if example.label is not None]


def majority(examples: Sequence[Example]) -> int:
    """The most frequent label index; the smaller index where several are equally frequent."""
    counts = Counter(gold(examples))
    return min(counts, key=lambda label: (-counts[label], label))
