"""PLMs with virtual tokens before each prompt, see `promptsearch.plms.prefixes`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from promptsearch.errors import PLMError, TemplateError
from promptsearch.plms.cache import StateCache
from promptsearch.plms.causal import CausalPLM, Ids, Reading
from promptsearch.plms.encoding import PromptEncoder
from promptsearch.plms.forward import output_layer_input
from promptsearch.plms.free import FreePrompts, FreeReader
from promptsearch.plms.free_causal import CausalFreeReader
from promptsearch.plms.local import LocalPLM
from promptsearch.plms.masked import MaskedPLM
from promptsearch.plms.prefixes import PrefixShape, cache_argument, prefix_shape
from promptsearch.plms.seq2seq import Seq2SeqPLM
from promptsearch.plms.tree import build_tree
from promptsearch.plms.tree_inputs import tree_inputs
from promptsearch.plms.word_prompts import word_prompts
from promptsearch.tasks.task import Example
from promptsearch.template import Template


class Prefix:
    """Virtual tokens of a model; their vectors may change while they are learned.

    Args:
        vectors: (n, numbers) float32, see `PrefixShape.cache`.
    """

    def __init__(self, shape: PrefixShape, vectors: Tensor) -> None:
        self.shape, self.vectors = shape, vectors

    def __len__(self) -> int:
        return len(self.vectors)

    def cache(self, batch: int, dtype: torch.dtype) -> Any:
        """Keys and values for each prompt of a batch."""
        return self.shape.cache(self.vectors.to(dtype), batch)


def prefixed(plm: LocalPLM, vectors: Tensor, cache: StateCache | None = None) -> PrefixedPLM:
    """A PLM on the same weights that reads each prompt behind virtual tokens.

    Args:
        vectors: (n, numbers) float32.
        cache: where answer states are kept between runs, for vectors that stay as they are.

    Raises:
        PLMError: the model takes no keys and values.
        TemplateError: more virtual tokens than the context holds.
        ValueError: vectors of another width than the model's keys and values.
    """
    shape = prefix_shape_of(plm)
    if vectors.dim() != 2 or vectors.shape[1] != shape.numbers or not len(vectors):
        raise ValueError(f"virtual tokens of shape {tuple(vectors.shape)}, not (n, {shape.numbers})")
    prefix = Prefix(shape, vectors.to(plm.device))
    kind = PrefixedMaskedPLM if isinstance(plm, MaskedPLM) else PrefixedCausalPLM
    return kind(plm, prefix, cache)


def room_behind(plm: LocalPLM, tokens: int) -> int:
    """How many tokens of a prompt have room behind virtual tokens, which every layer is to see.

    Raises:
        TemplateError: none.
    """
    window = plm.window if isinstance(plm, CausalPLM) else None
    context = plm.max_tokens if window is None else min(plm.max_tokens, window)
    room = context - tokens
    if room < 1:
        raise TemplateError(
            f"{tokens} virtual tokens leave no room in the context of {context} tokens",
            hint="Take fewer of them, or a PLM with a longer context.",
        )
    return room


def prefix_shape_of(plm: LocalPLM) -> PrefixShape:
    """What a virtual token looks like on a PLM.

    Raises:
        PLMError: it takes no keys and values, or cannot continue from them.
    """
    if isinstance(plm, Seq2SeqPLM):
        raise PLMError(
            f"{plm.identity.reference} is an encoder-decoder, which cannot be given keys and values here",
            hint="Take soft tokens (--method p-tuning), or a masked or causal PLM.",
        )
    shape = prefix_shape(plm.model, torch.tensor([[plm.encoder.hole]], device=plm.device))
    if isinstance(plm, CausalPLM) and not plm.sharing.prefixes:
        raise PLMError(
            f"{plm.identity.reference} cannot continue from keys and values that are given to it",
            hint="Take another PLM, or another method.",
        )
    return shape


class PrefixedPLM(LocalPLM):
    """What PLMs with virtual tokens share."""

    def __init__(self, plm: LocalPLM, prefix: Prefix, cache: StateCache | None) -> None:
        room = room_behind(plm, len(prefix))
        encoder = PromptEncoder(plm.encoder.tokenizer, room, plm.encoder.start_fallback)
        super().__init__(plm.model, encoder, plm.identity, plm.budget, cache)
        self.prefix = prefix
        self.identity = replace(plm.identity, weights_sha256=_sha256(plm.identity.weights_sha256, prefix))


def _sha256(weights: str, prefix: Prefix) -> str:
    content = prefix.vectors.detach().float().cpu().numpy().astype("<f4").tobytes()
    return hashlib.sha256(weights.encode() + content).hexdigest()


class PrefixedMaskedPLM(PrefixedPLM, MaskedPLM):
    """A masked PLM with virtual tokens."""

    def run(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        inputs = self.inputs(prompts)
        ids, n = inputs["input_ids"], len(self.prefix)
        seen = inputs.get("attention_mask", torch.ones_like(ids))
        seen = torch.cat([seen.new_ones((len(ids), n)), seen], dim=1).bool()
        # Ready-made: models make their own for as many keys as there are tokens.
        mask = torch.zeros(seen.shape, dtype=self.model.dtype, device=ids.device)
        mask = mask.masked_fill(~seen, torch.finfo(self.model.dtype).min)[:, None, None]
        inputs["attention_mask"] = mask.expand(-1, 1, ids.shape[1], -1)
        name = cache_argument(self.model)
        assert name is not None
        inputs[name] = self.prefix.cache(len(ids), self.model.dtype)
        return output_layer_input(self.model, **inputs)


class PrefixedCausalPLM(PrefixedPLM, CausalPLM):
    """A causal PLM with virtual tokens, which are a start that all prompts share."""

    def _read(self, groups: Sequence[Sequence[Ids]], tails: Sequence[int]) -> list[list[Reading]]:
        virtual = [self.encoder.hole] * len(self.prefix)
        return super()._read([[virtual + ids for ids in group] for group in groups], tails)

    def _shared_prefix(self, groups: Sequence[Sequence[Ids]], tails: Sequence[int]) -> Ids:
        shared = super()._shared_prefix(groups, tails)
        return shared if len(shared) > len(self.prefix) else [self.encoder.hole] * len(self.prefix)

    def _run_prefix(self, prefix: Ids) -> Any:
        cache = self.prefix.cache(1, self.model.dtype)
        n = len(self.prefix)
        if len(prefix) > n:
            inputs = tree_inputs([build_tree([prefix[n:]])], [n], self.model)
            self.forward_tokens += len(prefix) - n
            self.model.base_model(**inputs, use_cache=True, **{self.cache_argument: cache})
        return cache

    def free_reader(self, template: Template, examples: Sequence[Example], reuse: bool = True) -> FreeReader:
        raise PLMError("a prompt behind virtual tokens has no other places to be found")

    def word_reader(self, template: Template, examples: Sequence[Example]) -> FreeReader:
        template.check_left_to_right(self.identity.reference)
        return _BehindPrefix(self, word_prompts(self.encoder, template, examples, read_right=False))


class _Virtual:
    """Has the virtual tokens stand for the kept starts of prompts (`promptsearch.plms.starts.KeptStarts`)."""

    def __init__(self, plm: PrefixedCausalPLM) -> None:
        self._plm = plm

    def lengths(self, rows: Sequence[int]) -> list[int]:
        """How many tokens of each prompt need not be run."""
        return [len(self._plm.prefix)] * len(rows)

    def cache(self, rows: Sequence[int], lengths: Sequence[int]) -> Any:
        """The virtual tokens for each prompt."""
        return self._plm.prefix.cache(len(rows), self._plm.model.dtype)


class _BehindPrefix(CausalFreeReader):
    """Reads prompts behind virtual tokens, to which gradients flow."""

    def __init__(self, plm: PrefixedCausalPLM, prompts: FreePrompts) -> None:
        n = len(plm.prefix)
        moved = replace(
            prompts,
            ids=tuple((*[plm.encoder.hole] * n, *ids) for ids in prompts.ids),
            free=prompts.free + n,
            answer=np.asarray(prompts.answer) + n,
        )
        super().__init__(plm, moved, reuse=False, starts=_Virtual(plm))
