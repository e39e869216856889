"""Splits that are read when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from promptsearch.tasks.readers import Table
from promptsearch.tasks.task import Example


@dataclass
class LazyTable:
    """A table that is read once, when first asked for, and can be let go again."""

    read: Callable[[], Table]
    _table: Table | None = None

    def load(self) -> Table:
        """The table; kept until `release`."""
        if self._table is None:
            self._table = self.read()
        return self._table

    def release(self) -> None:
        """Forget the rows."""
        self._table = None


@dataclass(frozen=True)
class LoadedSplit:
    """Examples of one split, and what must be told about them."""

    examples: tuple[Example, ...]
    notices: tuple[str, ...] = ()


@dataclass(eq=False)
class SourceSplits(Mapping[str, Sequence[Example]]):
    """The splits of a source by name: `train`, `validation`, `test`, as far as it has them."""

    readers: Mapping[str, Callable[[], LoadedSplit]]
    _loaded: dict[str, LoadedSplit] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Sequence[Example]:
        if name not in self._loaded:
            self._loaded[name] = self.readers[name]()
        return self._loaded[name].examples

    def __iter__(self) -> Iterator[str]:
        return iter(self.readers)

    def __len__(self) -> int:
        return len(self.readers)

    @property
    def notices(self) -> tuple[str, ...]:
        """What must be told about the splits read so far (labels missing, texts empty)."""
        return tuple(
            notice for name in self.readers if name in self._loaded for notice in self._loaded[name].notices
        )
