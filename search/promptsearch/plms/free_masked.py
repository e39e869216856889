"""Free prompts on masked PLMs, where every token sees every other, so that whole prompts are run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from promptsearch.plms.free import FreePrompts, IntArray
from promptsearch.plms.free_local import LocalFreeReader

if TYPE_CHECKING:
    from promptsearch.plms.masked import MaskedPLM


class MaskedFreeReader(LocalFreeReader):
    """Reads free prompts on BERT and its kin."""

    def __init__(self, plm: MaskedPLM, prompts: FreePrompts) -> None:
        super().__init__(plm, prompts)
        self.masked = plm

    def _lengths(self, rows: Sequence[int]) -> list[int]:
        return [self.masked.padded(self.prompts.ids[row]) for row in rows]

    def read(self, fillings: IntArray, rows: Sequence[int]) -> Tensor:
        prompts = [
            (self.prompts.filled(row, filling), [int(self.prompts.answer[row])])
            for filling in fillings
            for row in rows
        ]
        return self._states(prompts).view(len(fillings), len(rows), -1)

    def read_vectors(self, vectors: Tensor, rows: Sequence[int]) -> Tensor:
        chosen = np.asarray(rows, dtype=np.int64)
        with self._placed(self._each(vectors, rows), self.prompts.free[chosen]):
            hidden = self.masked.run([self.prompts.ids[row] for row in rows])
        answer = torch.from_numpy(self.prompts.answer[chosen]).to(hidden.device)
        return hidden[torch.arange(len(rows), device=hidden.device), answer].float()

    def place_log_probs(self, filling: Sequence[int], place: int, rows: Sequence[int]) -> Tensor:
        with torch.no_grad():
            return self._log_probs(self._states([self._hidden_place(filling, place, row) for row in rows]))

    def fluency(self, fillings: IntArray, rows: Sequence[int]) -> Tensor:
        places = range(self.prompts.places)
        prompts = [
            self._hidden_place(filling, place, row)
            for filling in fillings
            for row in rows
            for place in places
        ]
        states = self._states(prompts).view(len(fillings), len(rows), len(places), -1)
        tokens = torch.as_tensor(np.asarray(fillings), device=states.device)
        with torch.no_grad():
            partition = self.plm.output.log_partition(states.flatten(0, 2))
            return self._mean_log_prob(states, partition, tokens[:, None].expand(states.shape[:3]))

    def _hidden_place(self, filling: Sequence[int], place: int, row: int) -> tuple[list[int], list[int]]:
        """A prompt with a mask in one of its places, and where that is."""
        ids = self.prompts.filled(row, filling)
        position = int(self.prompts.free[row, place])
        ids[position] = self.masked.mask_id
        return ids, [position]

    def _states(self, prompts: Sequence[tuple[list[int], list[int]]]) -> Tensor:
        """Hidden states at one position of each prompt: (n, d) float32."""
        with torch.no_grad():
            return torch.cat(self.masked.read_positions(prompts)).float()
