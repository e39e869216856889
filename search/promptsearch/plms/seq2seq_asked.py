"""What is asked of an encoder-decoder: prompts, and the beginnings of answers that its decoder reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Tokens = tuple[int, ...]


@dataclass(frozen=True)
class Asked:
    """One prompt, and what the decoder reads of it.

    Attributes:
        source: ids of the encoder, what stands in the gap among them.
        opening: ids of the decoder before the answer.
        starts: beginnings of answers. States are wanted where the first token of an answer is written, and
            behind each token of a beginning.
    """

    source: Tokens
    opening: Tokens
    starts: tuple[Tokens, ...] = ((),)

    @property
    def states(self) -> int:
        """How many states are wanted, those of one beginning after the other."""
        return sum(1 + len(start) for start in self.starts)

    @property
    def written(self) -> int:
        """The most tokens that the decoder reads at once."""
        return len(self.opening) + max(map(len, self.starts))


@dataclass(frozen=True)
class AskedAnswers:
    """Answers of n examples, asked together wherever their prompts are the same.

    Attributes:
        asked: the prompts, each once.
        rows: (n, answers) at which of all their states the first token of an answer is read; the later ones
            are read at the states behind that.
    """

    asked: tuple[Asked, ...]
    rows: NDArray[np.int64]


def ask_answers(
    prompts: Mapping[int, Sequence[Asked]], rooms: Sequence[int], answers: Sequence[Sequence[int]]
) -> AskedAnswers:
    """Plan the reading of answers.

    Args:
        prompts: by the room that is left for an answer, one prompt an example.
        rooms: the room that each answer gets.
        answers: their tokens.
    """
    n = len(next(iter(prompts.values()), ()))
    asked: list[Asked] = []
    rows = np.zeros((n, len(answers)), dtype=np.int64)
    known: dict[tuple[int, ...], tuple[tuple[Tokens, ...], list[int]]] = {}
    states = 0
    for i in range(n):
        columns_of: dict[Asked, list[int]] = {}
        for column, room in enumerate(rooms):
            columns_of.setdefault(prompts[room][i], []).append(column)
        for prompt, columns in columns_of.items():
            key = tuple(columns)
            if key not in known:
                known[key] = _beginnings([tuple(answers[column][:-1]) for column in columns])
            starts, offsets = known[key]
            asked.append(replace(prompt, starts=starts))
            rows[i, columns] = states + np.asarray(offsets)
            states += asked[-1].states
    return AskedAnswers(tuple(asked), rows)


def _beginnings(starts: Sequence[Tokens]) -> tuple[tuple[Tokens, ...], list[int]]:
    """Those that are no beginning of another, and at which of their states each one begins."""
    longest: list[Tokens] = []
    # In this order what goes on from a beginning stands right behind it.
    for start in sorted(set(starts), reverse=True):
        if not longest or longest[-1][: len(start)] != start:
            longest.append(start)
    firsts = np.cumsum([0, *(1 + len(start) for start in longest)]).tolist()
    owner = {start[:k]: first for start, first in zip(longest, firsts) for k in range(len(start) + 1)}
    return tuple(longest), [owner[start] for start in starts]
