"""Free prompts on PLMs in which every token of a prompt sees every other, so that whole prompts are run."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from promptsearch.plms.free import IntArray
from promptsearch.plms.free_local import LocalFreeReader

P = TypeVar("P")


class WholeFreeReader(LocalFreeReader, Generic[P]):
    """Reads free prompts one by one; P is a prompt with what is read of it."""

    @abstractmethod
    def _whole(self, filling: Sequence[int], row: int) -> P:
        """A prompt with tokens in its places, read at the slot."""

    @abstractmethod
    def _hidden_place(self, filling: Sequence[int], place: int, row: int) -> P:
        """A prompt with tokens in all of its places but one, which is hidden and is read."""

    @abstractmethod
    def _states(self, prompts: Sequence[P]) -> Tensor:
        """Hidden states of the prompts where they are read: (n, d) float32, no gradient."""

    def read(self, fillings: IntArray, rows: Sequence[int]) -> Tensor:
        prompts = [self._whole(filling, row) for filling in fillings.tolist() for row in rows]
        return self._states(prompts).view(len(fillings), len(rows), -1)

    def place_log_probs(self, filling: Sequence[int], place: int, rows: Sequence[int]) -> Tensor:
        with torch.no_grad():
            return self._log_probs(self._states([self._hidden_place(filling, place, row) for row in rows]))

    def fluency(self, fillings: IntArray, rows: Sequence[int]) -> Tensor:
        places = range(self.prompts.places)
        prompts = [
            self._hidden_place(filling, place, row)
            for filling in fillings.tolist()
            for row in rows
            for place in places
        ]
        states = self._states(prompts).view(len(fillings), len(rows), len(places), -1)
        tokens = torch.as_tensor(np.asarray(fillings), device=states.device)
        with torch.no_grad():
            partition = self.plm.output.log_partition(states.flatten(0, 2))
            return self._mean_log_prob(states, partition, tokens[:, None].expand(states.shape[:3]))
