"""Prompts with places still free, read again and again with other tokens, or vectors, in those places.

What engines of trigger tokens and of soft tokens share: texts become ids once, and everything that
does not depend on the free places is computed once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

T = TypeVar("T")
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class FreePrompts:
    """n prompts as token ids, all with the same m free places.

    Attributes:
        ids: for each prompt its ids, special tokens and the mask at the answer slot included; on a causal PLM
            they end before the answer, and on a sequence-to-sequence one they are the encoder's. Free places
            hold `hole`.
        free: (n, m) positions of the free places, in the template's order.
        answer: (n,) position at which the answer is read; of the slot on a sequence-to-sequence PLM.
        groups: how many free places each slot of the template has, in order; they sum to m.
        shortened: (n,) bool, whether a field was cut to fit.
        hole: the id of an ordinary token.
    """

    ids: tuple[tuple[int, ...], ...]
    free: IntArray
    answer: IntArray
    groups: tuple[int, ...]
    shortened: NDArray[np.bool_]
    hole: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def places(self) -> int:
        """m, the number of free places."""
        return sum(self.groups)

    def filled(self, row: int, filling: Sequence[int]) -> list[int]:
        """The ids of one prompt with tokens in its free places."""
        ids = list(self.ids[row])
        for position, token in zip(self.free[row], filling, strict=True):
            ids[int(position)] = int(token)
        return ids


class FreeReader(ABC):
    """Reads `FreePrompts` on one PLM. Rows are indices of prompts; r is how many are read.

    Results do not depend on which rows or fillings are read together, up to 1e-4 in float32.
    """

    prompts: FreePrompts

    @property
    @abstractmethod
    def matrix(self) -> Tensor:
        """(vocabulary, d) input embeddings, as the PLM's first layer looks them up; detached."""

    @abstractmethod
    def batches(self, rows: Sequence[int], copies: int = 1) -> Iterator[list[int]]:
        """The rows in batches whose gradients fit the token budget, `copies` fillings of each row at once."""

    def over_batches(
        self, rows: Sequence[int], work: Callable[[list[int]], T], copies: int = 1
    ) -> list[tuple[list[int], T]]:
        """`work` done on each of `batches`, and what came of it; on smaller ones when memory runs out.

        Work that ran out of memory is done again, so it must return gradients, not add to any.
        """
        return [(batch, work(batch)) for batch in self.batches(rows, copies)]

    @abstractmethod
    def read(self, fillings: IntArray, rows: Sequence[int]) -> Tensor:
        """States at the answer position with tokens in the free places; no gradient.

        Args:
            fillings: (c, m) token ids.

        Returns:
            (c, r, d) float32, the input of the output layer (`promptsearch.plms.forward.OutputLayer`).
        """

    @abstractmethod
    def read_vectors(self, vectors: Tensor, rows: Sequence[int]) -> Tensor:
        """States at the answer position with vectors in place of embeddings, in one batch.

        Args:
            vectors: (m, d) for all rows alike, or (r, m, d); gradients flow to them.

        Returns:
            (r, d) float32, differentiable.
        """

    @abstractmethod
    def place_log_probs(self, filling: Sequence[int], place: int, rows: Sequence[int]) -> Tensor:
        """What the PLM itself would put into one place: (r, vocabulary) log-probabilities, no gradient.

        On a causal PLM given what stands left of the place, after the token that starts a document where
        nothing stands left of the first; on others with a mask or a sentinel in it.
        """

    @abstractmethod
    def fluency(self, fillings: IntArray, rows: Sequence[int]) -> Tensor:
        """Mean log-probability of the tokens in their places over rows and places: (c,).

        See `place_log_probs`; on others than causal PLMs the pseudo-log-likelihood (Salazar et al. 2020).
        """
