"""Free prompts on causal PLMs, where only what stands from the first free place on is run again and again.

Fillings of one prompt go through the model as a tree of tokens: what begins alike is run once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from promptsearch.errors import PLMError
from promptsearch.plms.forward import output_layer_input
from promptsearch.plms.free import FreePrompts, IntArray
from promptsearch.plms.free_local import LocalFreeReader
from promptsearch.plms.starts import KeptStarts, Starts
from promptsearch.plms.tree import TokenTree, build_tree, split_by_size
from promptsearch.plms.tree_inputs import tree_inputs

if TYPE_CHECKING:
    from promptsearch.plms.causal import CausalPLM, Reading

# Attention grows with the square of a tree.
_TREE_TOKENS = 256
# So many tokens with keys and values kept count as one that is run.
_KEPT_A_TOKEN = 8


@dataclass(frozen=True)
class _Branch:
    """Some fillings of one prompt as a tree that continues its first `start` tokens."""

    row: int
    start: int
    fillings: list[int]
    tree: TokenTree

    def __len__(self) -> int:
        return len(self.tree)

    @property
    def size(self) -> int:
        """Tokens that it counts as in a batch."""
        return _size(len(self.tree), self.start)


def _size(tokens: int, kept: int) -> int:
    """Keys and values of a start are copied for a batch, padded to the longest, so they count as well."""
    return max(tokens, -(-kept // _KEPT_A_TOKEN))


@dataclass(frozen=True)
class _Rest:
    """What of a prompt goes through the model; positions count from its first token.

    Attributes:
        tokens: with holes in the free places.
        free: where the free places are; some may lie beyond the tokens.
        ends: where something is read.
    """

    tokens: tuple[int, ...]
    free: tuple[int, ...]
    ends: tuple[int, ...]


class CausalFreeReader(LocalFreeReader):
    """Reads free prompts on GPT-2, Llama and their kin.

    Args:
        reuse: whether keys and values left of the first free place may be kept.
        starts: keys and values of what each prompt begins with, where they are given.
    """

    def __init__(
        self, plm: CausalPLM, prompts: FreePrompts, reuse: bool, starts: Starts | None = None
    ) -> None:
        super().__init__(plm, prompts)
        self.causal = plm
        lefts = [min(free, default=0) for free in prompts.free.tolist()]
        rests = [len(ids) - left for ids, left in zip(prompts.ids, lefts)]
        # Starts that are kept are padded to the longest.
        in_window = plm.in_window(max(lefts, default=0) + max(rests, default=0))
        self._share = plm.share and plm.sharing.trees and in_window
        kept = reuse and self._share and plm.sharing.prefixes
        self._padded_start = max(lefts, default=0) if kept else 0
        self.starts: Starts | None = KeptStarts(plm, prompts) if kept else starts

    def _kept(self, rows: Sequence[int]) -> list[int]:
        """How many tokens of each prompt need not be run."""
        return [0] * len(rows) if self.starts is None else self.starts.lengths(rows)

    def _lengths(self, rows: Sequence[int]) -> list[int]:
        return [_size(len(self.prompts.ids[row]) - kept, kept) for row, kept in zip(rows, self._kept(rows))]

    # Reading answers -----------------------------------------------------------------------------

    def read(self, fillings: IntArray, rows: Sequence[int]) -> Tensor:
        branches = self._branches(fillings, rows)
        at = {row: [j for j, other in enumerate(rows) if other == row] for row in rows}

        def last_states(batch: list[_Branch]) -> list[Tensor]:
            hidden = self._run(batch)
            ends = [[path[-1] for path in branch.tree.ends] for branch in batch]
            return [states[nodes].float() for states, nodes in zip(hidden, ends)]

        with torch.no_grad():
            found = self.plm.budget.run(branches, lambda branch: branch.size, last_states)
            shape = len(fillings), len(rows), self.plm.output.weight.shape[1]
            states = torch.zeros(shape, device=self.device)
            for branch, ends in zip(branches, found):
                for j in at[branch.row]:
                    states[branch.fillings, j] = ends
        return states

    def read_vectors(self, vectors: Tensor, rows: Sequence[int]) -> Tensor:
        starts = self._kept(rows)
        branches = [
            _Branch(row, start, [0], build_tree([self.prompts.ids[row][start:]]))
            for row, start in zip(rows, starts)
        ]
        positions = self.prompts.free[np.asarray(rows, dtype=np.int64)] - np.asarray(starts)[:, None]
        with self._placed(self._each(vectors, rows), positions):
            hidden = self._run(branches)
        last = torch.tensor([len(branch) - 1 for branch in branches], device=hidden.device)
        return hidden[torch.arange(len(rows), device=hidden.device), last].float()

    # Reading places ------------------------------------------------------------------------------

    def place_log_probs(self, filling: Sequence[int], place: int, rows: Sequence[int]) -> Tensor:
        with torch.no_grad():
            readings = self._before(np.asarray([filling], dtype=np.int64), rows, [place])
            return self._log_probs(torch.cat([readings[0, row].hidden for row in rows]))

    def fluency(self, fillings: IntArray, rows: Sequence[int]) -> Tensor:
        with torch.no_grad():
            readings = self._before(fillings, rows, range(self.prompts.places))
            read = [readings[i, row] for i in range(len(fillings)) for row in rows]
            shape = len(fillings), len(rows), self.prompts.places
            states = torch.stack([reading.hidden for reading in read])
            partition = torch.stack([reading.log_partition for reading in read])
            tokens = torch.as_tensor(np.asarray(fillings), device=states.device)
            return self._mean_log_prob(states.view(*shape, -1), partition, tokens[:, None].expand(shape))

    def _before(
        self, fillings: IntArray, rows: Sequence[int], places: Sequence[int]
    ) -> dict[tuple[int, int], Reading]:
        """What is read right before the places, by filling and row: hidden states (len(places), d)."""
        branches = self._branches(fillings, list(dict.fromkeys(rows)), list(places))
        found = self.plm.budget.run(
            branches,
            lambda branch: branch.size,
            lambda batch: self.causal.readings(self._run(batch), [b.tree for b in batch]),
        )
        return {
            (i, branch.row): reading
            for branch, readings in zip(branches, found)
            for i, reading in zip(branch.fillings, readings)
        }

    # Trees ---------------------------------------------------------------------------------------

    def _branches(
        self, fillings: IntArray, rows: Sequence[int], places: list[int] | None = None
    ) -> list[_Branch]:
        """The fillings of each row as trees, whose ends are the answer, or stand before the places."""
        rows = list(dict.fromkeys(rows))
        branches: list[_Branch] = []
        # Prompts that go on alike have equal trees.
        known: dict[_Rest, list[tuple[list[int], TokenTree]]] = {}
        for row, kept in zip(rows, self._kept(rows)):
            start, rest = self._rest(row, kept, places)
            if rest not in known:
                known[rest] = self._trees(rest, fillings)
            branches += [_Branch(row, start, chosen, tree) for chosen, tree in known[rest]]
        return branches

    def _rest(self, row: int, kept: int, places: list[int] | None) -> tuple[int, _Rest]:
        """How many tokens of a prompt are not run, and those that are."""
        ids, free = self.prompts.ids[row], self.prompts.free[row].tolist()
        if places is None:
            start, ends = kept, [len(ids) - 1]
        elif min(free) == 0:
            # Nothing stands left of the first place: all are read as those of a document's start.
            start, ids = 0, (self._first_token(), *ids)
            free, ends = [position + 1 for position in free], [free[place] for place in places]
        else:
            ends = [free[place] - 1 for place in places]
            start = min(kept, *ends)
        tokens = ids[start : max(ends) + 1]
        return start, _Rest(tokens, tuple(p - start for p in free), tuple(p - start for p in ends))

    def _first_token(self) -> int:
        if self.plm.encoder.start_fallback is None:
            raise PLMError(
                "nothing stands left of a free place, so this PLM says nothing about it",
                hint="Put words or a field before the first trigger.",
            )
        return self.plm.encoder.start_fallback

    def _trees(self, rest: _Rest, fillings: IntArray) -> list[tuple[list[int], TokenTree]]:
        """The fillings of a prompt's rest, some in each tree, and which they are."""
        length = len(rest.tokens)
        filled = np.tile(np.asarray(rest.tokens, dtype=np.int64), (len(fillings), 1))
        inside = [i for i, position in enumerate(rest.free) if position < length]
        filled[:, [rest.free[i] for i in inside]] = np.asarray(fillings)[:, inside]
        sequences = filled.tolist()
        if self._share:
            most = self.causal.tree_tokens(_TREE_TOKENS, length, self._padded_start)
            parts = split_by_size(sequences, most)
        else:
            parts = [[i] for i in range(len(sequences))]
        trees: list[tuple[list[int], TokenTree]] = []
        for part in parts:
            tree = build_tree([sequences[i] for i in part], [length] * len(part))
            ends = tuple(tuple(path[end] for end in rest.ends) for path in tree.ends)
            trees.append((part, replace(tree, ends=ends)))
        return trees

    def _run(self, batch: Sequence[_Branch]) -> Tensor:
        """One forward pass up to the output layer: (len(batch), longest, d)."""
        starts = [branch.start for branch in batch]
        inputs = tree_inputs([branch.tree for branch in batch], starts, self.model)
        self.plm.forward_tokens += inputs["input_ids"].numel()
        if self.starts is None or not any(starts):
            return output_layer_input(self.model, **inputs, use_cache=False)
        cache = self.starts.cache([branch.row for branch in batch], starts)
        return output_layer_input(self.model, **inputs, use_cache=True, **{self.causal.cache_argument: cache})
