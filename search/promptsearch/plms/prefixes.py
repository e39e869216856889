"""Keys and values of virtual tokens in every layer, before those of the prompt.

Prefix tuning (Li and Liang 2021, section 4) and P-tuning v2 (Liu et al. 2022): the virtual tokens have no
embeddings, but keys and values of their own in each layer, which every token of the prompt attends to. The
prompt's positions count on behind them, as peft has it.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from promptsearch.errors import PLMError


@dataclass(frozen=True)
class PrefixShape:
    """What the keys and values of one virtual token look like on a model: the same in each layer."""

    layers: int
    heads: int
    width: int

    @property
    def numbers(self) -> int:
        """How many numbers a virtual token has."""
        return self.layers * 2 * self.heads * self.width

    def cache(self, vectors: Tensor, batch: int) -> Any:
        """A cache of transformers that holds the virtual tokens for each prompt of a batch.

        Args:
            vectors: (n, numbers), of a token key and value of each layer one after the other, as peft stores
                them; gradients flow to them.
        """
        from transformers import DynamicCache

        parts = vectors.view(len(vectors), 2 * self.layers, self.heads, self.width).permute(1, 2, 0, 3)
        parts = parts[:, None].expand(-1, batch, -1, -1, -1)
        return DynamicCache([(parts[2 * layer], parts[2 * layer + 1]) for layer in range(self.layers)])

    def vectors(self, cache: Any) -> Tensor:
        """(n, numbers) of what a cache holds for its first prompt."""
        parts = torch.stack([part[0] for layer in cache.layers for part in (layer.keys, layer.values)])
        return parts.permute(2, 0, 1, 3).flatten(1)


def cache_argument(model: Any) -> str | None:
    """What the model calls keys and values given to it; None where it takes none.

    transformers renamed `past_key_values` to `cache` in the course of version 5.
    """
    names = inspect.signature(model.base_model.forward).parameters
    return next((name for name in ("cache", "past_key_values") if name in names), None)


def keys_and_values(model: Any, ids: Tensor) -> Any:
    """A cache of what the model's layers make of ids (1, n).

    Raises:
        PLMError: it gives no keys and values.
    """
    from transformers import DynamicCache

    name, cache = cache_argument(model), DynamicCache()
    if name is not None:
        with torch.no_grad():
            # Other models than decoders are not asked to use a cache, and fill the one they are given.
            model.base_model(input_ids=ids, use_cache=True, **{name: cache})
    if not cache.layers or any(getattr(layer, "keys", None) is None for layer in cache.layers):
        raise PLMError(
            f"{type(model).__name__} takes no keys and values, so it cannot be given a prefix",
            hint="Take a BERT, a RoBERTa or a causal PLM, or another method.",
        )
    return cache


def prefix_shape(model: Any, ids: Tensor) -> PrefixShape:
    """What a virtual token looks like on a model.

    Args:
        ids: (1, n), anything that the model can read.

    Raises:
        PLMError: the model takes no keys and values, or its layers differ.
    """
    layers = keys_and_values(model, ids).layers
    shapes = {(part.shape[1], part.shape[3]) for layer in layers for part in (layer.keys, layer.values)}
    if len(shapes) != 1:
        raise PLMError(
            f"the layers of {type(model).__name__} have keys and values of different shapes",
            hint="Take another PLM, or another method.",
        )
    heads, width = shapes.pop()
    return PrefixShape(len(layers), heads, width)
