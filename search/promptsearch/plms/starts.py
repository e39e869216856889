"""Keys and values of what stands left of the first free place of prompts, computed once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor

from promptsearch.plms.free import FreePrompts
from promptsearch.plms.tree import build_tree
from promptsearch.plms.tree_inputs import tree_inputs

if TYPE_CHECKING:
    from promptsearch.plms.causal import CausalPLM

# Beyond this much, prompts are run from their first token each time.
_MOST_BYTES = 512 * 2**20


class Starts(Protocol):
    """Keys and values of what stands before the part of each prompt that is run."""

    def lengths(self, rows: Sequence[int]) -> list[int]:
        """How many tokens of each prompt need not be run."""
        ...

    def cache(self, rows: Sequence[int], lengths: Sequence[int]) -> Any:
        """A cache that holds them for each prompt, padded on the right."""
        ...


class KeptStarts:
    """The starts of free prompts on a causal PLM whose weights stay as they are.

    Args:
        most_bytes: how much memory keys and values may take.
    """

    def __init__(self, plm: CausalPLM, prompts: FreePrompts, most_bytes: int = _MOST_BYTES) -> None:
        self._plm = plm
        self._starts = [ids[: min(free)] for ids, free in zip(prompts.ids, prompts.free.tolist())]
        self._left_bytes = most_bytes
        # Of each row asked for: (layers, heads, length, head dimension) keys and values, or None.
        self._kept: dict[int, tuple[Tensor, Tensor] | None] = {}

    def lengths(self, rows: Sequence[int]) -> list[int]:
        """How many tokens of each prompt need not be run; those not asked for before are run now."""
        missing = [row for row in dict.fromkeys(rows) if row not in self._kept]
        for row in missing:
            if not self._starts[row]:
                self._kept[row] = None
        with torch.no_grad():
            missing = [row for row in missing if self._starts[row]]
            found = self._plm.budget.run(missing, lambda row: len(self._starts[row]), self._run)
        self._kept.update(zip(missing, found))
        return [len(self._starts[row]) if self._kept[row] is not None else 0 for row in rows]

    def _run(self, rows: list[int]) -> list[tuple[Tensor, Tensor] | None]:
        from transformers import DynamicCache

        if self._left_bytes <= 0:
            return [None] * len(rows)
        cache, plm = DynamicCache(), self._plm
        inputs = tree_inputs([build_tree([self._starts[row]]) for row in rows], [0] * len(rows), plm.model)
        plm.forward_tokens += inputs["input_ids"].numel()
        plm.model.base_model(**inputs, use_cache=True, **{plm.cache_argument: cache})
        layers: list[Any] = list(cache.layers)
        if len({(layer.keys.shape, layer.values.shape) for layer in layers}) > 1:
            return [None] * len(rows)
        keys = torch.stack([layer.keys for layer in layers], dim=1)
        values = torch.stack([layer.values for layer in layers], dim=1)
        kept: list[tuple[Tensor, Tensor] | None] = []
        for i, row in enumerate(rows):
            n = len(self._starts[row])
            # Copies, so that the padded batch can go.
            kept.append((keys[i, :, :, :n].clone(), values[i, :, :, :n].clone()))
            self._left_bytes -= sum(part.nbytes for part in kept[-1] or ())
        return kept

    def cache(self, rows: Sequence[int], lengths: Sequence[int]) -> Any:
        """A cache that holds the first tokens of each prompt, padded on the right."""
        from transformers import DynamicCache

        kept = [(self._kept[row], n) for row, n in zip(rows, lengths)]
        keys = self._padded([(pair and pair[0], n) for pair, n in kept])
        values = self._padded([(pair and pair[1], n) for pair, n in kept])
        return DynamicCache(list(zip(keys, values)))

    def _padded(self, parts: Sequence[tuple[Tensor | None, int]]) -> Tensor:
        """(layers, batch, heads, longest, head dimension), zeros where a prompt has less."""
        like = next(part for part, n in parts if part is not None and n)
        layers, heads, _, width = like.shape
        padded = like.new_zeros((layers, len(parts), heads, max(n for _, n in parts), width))
        for i, (part, n) in enumerate(parts):
            if part is not None:
                padded[:, i, :, :n] = part[:, :, :n]
        return padded
