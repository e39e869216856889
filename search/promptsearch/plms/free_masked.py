"""Free prompts on masked PLMs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from promptsearch.plms.free import FreePrompts
from promptsearch.plms.free_whole import WholeFreeReader

if TYPE_CHECKING:
    from promptsearch.plms.masked import MaskedPLM

# Ids, and the position that is read, as `MaskedPLM.read_positions` takes them.
Prompt = tuple[list[int], list[int]]


class MaskedFreeReader(WholeFreeReader[Prompt]):
    """Reads free prompts on BERT and its kin."""

    def __init__(self, plm: MaskedPLM, prompts: FreePrompts) -> None:
        super().__init__(plm, prompts)
        self.masked = plm

    def _lengths(self, rows: Sequence[int]) -> list[int]:
        return [self.masked.padded(self.prompts.ids[row]) for row in rows]

    def read_vectors(self, vectors: Tensor, rows: Sequence[int]) -> Tensor:
        chosen = np.asarray(rows, dtype=np.int64)
        with self._placed(self._each(vectors, rows), self.prompts.free[chosen]):
            hidden = self.masked.run([self.prompts.ids[row] for row in rows])
        answer = torch.from_numpy(self.prompts.answer[chosen]).to(hidden.device)
        return hidden[torch.arange(len(rows), device=hidden.device), answer].float()

    def _whole(self, filling: Sequence[int], row: int) -> Prompt:
        return self.prompts.filled(row, filling), [int(self.prompts.answer[row])]

    def _hidden_place(self, filling: Sequence[int], place: int, row: int) -> Prompt:
        ids = self.prompts.filled(row, filling)
        position = int(self.prompts.free[row, place])
        ids[position] = self.masked.mask_id
        return ids, [position]

    def _states(self, prompts: Sequence[Prompt]) -> Tensor:
        with torch.no_grad():
            return torch.cat(self.masked.read_positions(prompts)).float()
