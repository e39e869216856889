"""Free prompts on sequence-to-sequence PLMs: places of the encoder's, and the decoder's copies of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from promptsearch.errors import PLMError
from promptsearch.plms.free import FreePrompts
from promptsearch.plms.free_local import input_embeddings
from promptsearch.plms.free_whole import WholeFreeReader
from promptsearch.plms.seq2seq_asked import Asked

if TYPE_CHECKING:
    from promptsearch.plms.seq2seq import Seq2SeqPLM


class Seq2SeqFreeReader(WholeFreeReader[Asked]):
    """Reads free prompts on T5, BART and their kin.

    A decoder that copies what stands left of the slot reads in its copy of a free place what stands in the
    place itself.
    """

    def __init__(self, plm: Seq2SeqPLM, prompts: FreePrompts) -> None:
        super().__init__(plm, prompts)
        self.seq2seq = plm
        self.layout = plm.layout

    def _input_table(self) -> Any:
        # T5 has a table of the whole model beside it, which it does not look anything up in.
        return input_embeddings(self.model.get_encoder())

    @cached_property
    def _decoder_table(self) -> Any:
        """Where the decoder looks up its copies.

        Raises:
            PLMError: it holds other embeddings than the encoder's.
        """
        table = input_embeddings(self.model.get_decoder())
        if not torch.equal(table.weight, self._table.weight):
            raise PLMError(
                f"encoder and decoder of {self.plm.identity.reference} have embeddings of their own, so "
                "vectors cannot stand in both",
                hint="Put the tokens that are to be found behind the slot, or take another PLM.",
            )
        return table

    def _lengths(self, rows: Sequence[int]) -> list[int]:
        return [self.seq2seq.tokens(self._asked(self.prompts.ids[row], row)) for row in rows]

    def _asked(self, ids: Sequence[int], row: int) -> Asked:
        """A prompt that is read at its slot."""
        left = ids[: int(self.prompts.answer[row])]
        return Asked(tuple(ids), tuple(self.layout.opening(left)))

    def _whole(self, filling: Sequence[int], row: int) -> Asked:
        return self._asked(self.prompts.filled(row, filling), row)

    def _hidden_place(self, filling: Sequence[int], place: int, row: int) -> Asked:
        ids = self.prompts.filled(row, filling)
        position = int(self.prompts.free[row, place])
        # The gap that is asked for is the text's first to the PLM, the slot another.
        ids[int(self.prompts.answer[row])] = self.layout.second_slot
        ids[position] = self.layout.slot
        return Asked(tuple(ids), tuple(self.layout.opening(ids[:position])))

    def _states(self, prompts: Sequence[Asked]) -> Tensor:
        with torch.no_grad():
            return torch.cat(self.seq2seq.read(prompts)).float()

    def read_vectors(self, vectors: Tensor, rows: Sequence[int]) -> Tensor:
        chosen = np.asarray(rows, dtype=np.int64)
        each, free = self._each(vectors, rows), self.prompts.free[chosen]
        asked = [self._asked(self.prompts.ids[row], row) for row in rows]
        with self._placed(each, free):
            encoded = self.seq2seq.encode([one.source for one in asked])
        openings = [one.opening for one in asked]
        # All prompts have the same places left of the slot.
        copied = int((free[0] < self.prompts.answer[chosen[0]]).sum()) if self.layout.copies else 0
        if copied:
            # Behind the token with which the decoder begins.
            with self._placed(each[:, :copied], free[:, :copied] + 1, self._decoder_table):
                hidden = self.seq2seq.decode(encoded, openings)
        else:
            hidden = self.seq2seq.decode(encoded, openings)
        last = torch.tensor([len(opening) - 1 for opening in openings], device=hidden.device)
        return hidden[torch.arange(len(rows), device=hidden.device), last].float()
