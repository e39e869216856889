"""Trees of tokens as a batch for a model: ids, positions and the attention mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from promptsearch.plms.tree import TokenTree

# How far some layers see, as configs of different models call it.
_WINDOWS = ("sliding_window", "attention_chunk_size", "window_size", "attention_window_size")


def attention_window(model: Any) -> int | None:
    """How many tokens back the layers of a model see at least, None where all see everything.

    The masks made here know nothing of that, so trees, with what they continue, must be no larger.
    """
    config = model.config.get_text_config()
    sizes = (getattr(config, name, None) for name in _WINDOWS)
    return min((size for size in sizes if isinstance(size, int)), default=None)


def tree_ids(trees: Sequence[TokenTree]) -> Tensor:
    """(batch, longest) token ids, padded on the right."""
    ids = torch.zeros((len(trees), max(len(tree) for tree in trees)), dtype=torch.long)
    for row, tree in enumerate(trees):
        ids[row, : len(tree)] = torch.from_numpy(tree.tokens)
    return ids


def tree_inputs(trees: Sequence[TokenTree], starts: Sequence[int], model: Any) -> dict[str, Tensor]:
    """What a model needs to read trees that continue texts of which it has keys and values.

    Positions, and a (batch, 1, longest, start + longest) additive attention mask, where start is that of
    the longest text. Chains padded on the right that continue nothing need neither: no token of theirs sees
    the padding.

    Args:
        starts: how many tokens each tree continues.
    """
    ids, most = tree_ids(trees), max(starts)
    inputs = {"input_ids": ids.to(model.device)}
    if most == 0 and all(tree.is_chain for tree in trees):
        return inputs
    longest = ids.shape[1]
    positions = torch.zeros_like(ids)
    sees = torch.eye(longest, dtype=torch.bool).repeat(len(trees), 1, 1)
    for row, tree in enumerate(trees):
        positions[row, : len(tree)] = torch.from_numpy(tree.depths)
        sees[row, : len(tree), : len(tree)] = torch.from_numpy(tree.attention())
    offsets = torch.tensor(starts)
    kept = torch.arange(most) < offsets[:, None]
    sees = torch.cat([kept[:, None].expand(-1, longest, -1), sees], dim=-1)
    mask = torch.zeros(sees.shape, dtype=model.dtype).masked_fill(~sees, torch.finfo(model.dtype).min)
    return inputs | {
        "position_ids": (positions + offsets[:, None]).to(model.device),
        "attention_mask": mask[:, None].to(model.device),
    }
