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


@dataclass(frozen=True)
class _Branch:
    """Some fillings of one prompt as a tree that continues its first `start` tokens."""

    row: int
    start: int
    fillings: list[int]
    tree: TokenTree

    def __len__(self) -> int:
        return len(self.tree)


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
        self._share = plm.share and plm.sharing.trees and not self._leaves_window()
        kept = reuse and self._share and plm.sharing.prefixes
        self.starts: Starts | None = KeptStarts(plm, prompts) if kept else starts

    def _leaves_window(self) -> bool:
        """Whether a prompt is longer than the window some models attend to, which trees know nothing of."""
        window = getattr(self.model.config, "sliding_window", None)
        return window is not None and max(map(len, self.prompts.ids), default=0) > window

    def _kept(self, rows: Sequence[int]) -> list[int]:
        """How many tokens of each prompt need not be run."""
        return [0] * len(rows) if self.starts is None else self.starts.lengths(rows)

    def _lengths(self, rows: Sequence[int]) -> list[int]:
        return [len(self.prompts.ids[row]) - kept for row, kept in zip(rows, self._kept(rows))]

    # Reading answers -----------------------------------------------------------------------------

    def read(self, fillings: IntArray, rows: Sequence[int]) -> Tensor:
        branches = self._branches(fillings, rows)
        at = {row: [j for j, other in enumerate(rows) if other == row] for row in rows}

        def last_states(batch: list[_Branch]) -> list[Tensor]:
            hidden = self._run(batch)
            ends = [[path[-1] for path in branch.tree.ends] for branch in batch]
            return [rows[nodes].float() for rows, nodes in zip(hidden, ends)]

        with torch.no_grad():
            found = self.plm.budget.run(branches, len, last_states)
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
            branches, len, lambda batch: self.causal.readings(self._run(batch), [b.tree for b in batch])
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
        # Prompts that end alike have equal trees.
        known: dict[tuple[object, ...], list[tuple[list[int], TokenTree]]] = {}
        branches: list[_Branch] = []
        for row, kept in zip(rows, self._kept(rows)):
            ids, free = list(self.prompts.ids[row]), self.prompts.free[row].tolist()
            start = kept
            if places is None:
                ends = [len(ids) - 1]
            else:
                ends = [free[place] - 1 for place in places]
                if min(free) == 0:
                    # Nothing stands left of the first place: all are read as those of a document's start.
                    ids, free, ends = (
                        [self._first_token(), *ids],
                        [p + 1 for p in free],
                        [p + 1 for p in ends],
                    )
                    start = 0
                start = min(start, *ends)
                ids = ids[: max(ends) + 1]
            key = (tuple(ids[start:]), *(p - start for p in free), *(p - start for p in ends))
            if key not in known:
                known[key] = self._trees(ids, free, fillings, start, ends)
            branches += [_Branch(row, start, chosen, tree) for chosen, tree in known[key]]
        return branches

    def _first_token(self) -> int:
        if self.plm.encoder.start_fallback is None:
            raise PLMError(
                "nothing stands left of a free place, so this PLM says nothing about it",
                hint="Put words or a field before the first trigger.",
            )
        return self.plm.encoder.start_fallback

    def _trees(
        self, ids: list[int], free: Sequence[int], fillings: IntArray, start: int, ends: Sequence[int]
    ) -> list[tuple[list[int], TokenTree]]:
        filled = np.tile(np.asarray(ids, dtype=np.int64), (len(fillings), 1))
        inside = [i for i, position in enumerate(free) if position < len(ids)]
        filled[:, [free[i] for i in inside]] = np.asarray(fillings)[:, inside]
        sequences = filled[:, start:].tolist()
        if self._share:
            parts = split_by_size(sequences, max(_TREE_TOKENS, 2 * len(sequences[0])))
        else:
            parts = [[i] for i in range(len(sequences))]
        trees: list[tuple[list[int], TokenTree]] = []
        for part in parts:
            tree = build_tree([sequences[i] for i in part], [len(sequences[i]) for i in part])
            nodes = tuple(tuple(path[end - start] for end in ends) for path in tree.ends)
            trees.append((part, replace(tree, ends=nodes)))
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
