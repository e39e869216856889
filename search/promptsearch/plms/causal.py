"""Causal (autoregressive) PLMs: the answer is the next token. What prompts share on the left runs once."""

from __future__ import annotations

import copy
import inspect
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from promptsearch.plms.base import AnswerScoring, AnswerStates, FloatArray
from promptsearch.plms.forward import output_layer_input
from promptsearch.plms.free import FreeReader
from promptsearch.plms.free_causal import CausalFreeReader
from promptsearch.plms.free_encoding import free_prompts
from promptsearch.plms.local import LocalPLM
from promptsearch.plms.tree import TokenTree, build_tree, common_prefix, split_by_size
from promptsearch.plms.tree_inputs import attention_window, tree_inputs
from promptsearch.plms.word_prompts import word_prompts
from promptsearch.tasks.task import Example
from promptsearch.template import Template

_log = logging.getLogger(__name__)

Ids = list[int]

# A shared start shorter than this costs less to run again than to copy its keys and values.
_MIN_PREFIX = 16
# Attention grows with the square of a tree, so a large one is split and its trunk run again.
_TREE_TOKENS = 512


@dataclass(frozen=True)
class Reading:
    """Hidden states (t, d) and log-partitions (t,) at the last t positions of one sequence."""

    hidden: Tensor
    log_partition: Tensor


@dataclass(frozen=True)
class Sharing:
    """Which kinds of reuse leave this model's results as they are."""

    trees: bool
    prefixes: bool


class CausalPLM(LocalPLM):
    """GPT-2, Llama-, Qwen-, OPT- and Pythia-like models.

    All prompts of an example go through the model as one tree of tokens (`promptsearch.plms.tree`), and a
    start that all prompts share is run once and kept as keys and values. A model whose results this would
    change (ALiBi positions, a recurrent state) is found by trying, and gets plain sequences instead, as do
    prompts that are longer than the window that layers of a model see.
    """

    share: bool = True

    def check_template(self, template: Template) -> None:
        super().check_template(template)
        template.check_left_to_right(self.identity.reference)

    # Answer states -------------------------------------------------------------------------------

    def _compute_states(
        self, templates: Sequence[Template], examples: Sequence[Example]
    ) -> list[AnswerStates]:
        encoded = [self.encoder.encode(template, examples, read_right=False) for template in templates]
        groups = [[prompt.left[i] for prompt in encoded] for i in range(len(examples))]
        readings = self._read(groups, [1] * len(templates))
        states = []
        for k, prompt in enumerate(encoded):
            rows = [readings[i][k] for i in range(len(examples))]
            width = self.output.weight.shape[1]
            hidden = torch.cat([row.hidden for row in rows]) if rows else torch.zeros(0, width)
            partition = torch.cat([row.log_partition for row in rows]) if rows else torch.zeros(0)
            lengths = np.asarray([len(ids) for ids in prompt.left], dtype=np.int32)
            states.append(
                AnswerStates(hidden.cpu().numpy(), partition.cpu().numpy(), lengths, prompt.shortened)
            )
        return states

    def _answer_sums(
        self,
        template: Template,
        examples: Sequence[Example],
        answers: Sequence[Sequence[int]],
        scoring: AnswerScoring,
    ) -> FloatArray:
        # Room for its own tokens only: a text must not be cut more for one answer because another is long.
        encoded = {
            length: self.encoder.encode(template, examples, slot_tokens=length, read_right=False)
            for length in {len(answer) for answer in answers}
        }
        groups = [
            [encoded[len(answer)].left[i] + list(answer[:-1]) for answer in answers]
            for i in range(len(examples))
        ]
        readings = self._read(groups, [len(answer) for answer in answers])
        sums = np.zeros((len(examples), len(answers)), dtype=np.float32)
        for column, answer in enumerate(answers):
            hidden = torch.stack([row[column].hidden for row in readings])
            partition = torch.stack([row[column].log_partition for row in readings])
            for j, token in enumerate(answer):
                token_id = torch.tensor([token], device=hidden.device)
                scores = self.output.logits(hidden[:, j], token_id)[:, 0] - partition[:, j]
                sums[:, column] += scores.cpu().numpy()
        return sums

    def free_reader(self, template: Template, examples: Sequence[Example], reuse: bool = True) -> FreeReader:
        template.check_left_to_right(self.identity.reference)
        prompts = free_prompts(self.encoder, template, examples, read_right=False)
        return CausalFreeReader(self, prompts, reuse)

    def word_reader(self, template: Template, examples: Sequence[Example]) -> FreeReader:
        template.check_left_to_right(self.identity.reference)
        prompts = word_prompts(self.encoder, template, examples, read_right=False)
        return CausalFreeReader(self, prompts, reuse=False)

    # Forward passes ------------------------------------------------------------------------------

    def _read(self, groups: Sequence[Sequence[Ids]], tails: Sequence[int]) -> list[list[Reading]]:
        """Read the last positions of sequences.

        Args:
            groups: for each example its sequences of ids.
            tails: for each sequence of a group, how many of its last positions are wanted.
        """
        prefix = self._shared_prefix(groups, tails)
        owners: list[tuple[int, list[int]]] = []
        trees: list[TokenTree] = []
        for i, group in enumerate(groups):
            rest = [ids[len(prefix) :] for ids in group]
            longest = max((len(ids) for ids in rest), default=0)
            if self.share and len(rest) > 1 and self.sharing.trees and self.in_window(len(prefix) + longest):
                parts = split_by_size(rest, self.tree_tokens(_TREE_TOKENS, longest, len(prefix)))
            else:
                parts = [[k] for k in range(len(rest))]
            for part in parts:
                owners.append((i, part))
                trees.append(build_tree([rest[k] for k in part], [tails[k] for k in part]))
        start = self._run_prefix(prefix) if prefix else None
        found = self.budget.run(trees, len, lambda batch: self._forward(batch, len(prefix), start))
        readings: list[list[Reading]] = [
            [Reading(torch.empty(0), torch.empty(0))] * len(group) for group in groups
        ]
        for (i, part), rows in zip(owners, found):
            for k, row in zip(part, rows):
                readings[i][k] = row
        return readings

    def _shared_prefix(self, groups: Sequence[Sequence[Ids]], tails: Sequence[int]) -> Ids:
        """Tokens with which every sequence begins, where keeping them pays; each sequence keeps some."""
        if not self.share or len(groups) * len(tails) < 2:
            return []
        if not self.in_window(max((len(ids) for group in groups for ids in group), default=0)):
            return []
        prefix = common_prefix(ids for group in groups for ids in group)
        room = min((len(ids) - tail for group in groups for ids, tail in zip(group, tails)), default=0)
        prefix = prefix[: max(0, room)]
        return prefix if len(prefix) >= _MIN_PREFIX and self.sharing.prefixes else []

    def _run_prefix(self, prefix: Ids) -> Any:
        """Keys and values of the shared start, for a batch of one."""
        from transformers import DynamicCache

        cache = DynamicCache(config=self.model.config)
        ids = torch.tensor([prefix], device=self.device)
        self.forward_tokens += len(prefix)
        self.model.base_model(input_ids=ids, use_cache=True, **{self.cache_argument: cache})
        return cache

    def _forward(self, batch: list[TokenTree], offset: int, start: Any) -> Iterator[list[Reading]]:
        """One forward pass over trees that continue a shared start of `offset` tokens."""
        inputs: dict[str, Any] = tree_inputs(batch, [offset] * len(batch), self.model)
        inputs["use_cache"] = False
        self.forward_tokens += inputs["input_ids"].numel()
        if start is not None:
            cache = copy.deepcopy(start)
            cache.batch_repeat_interleave(len(batch))
            inputs |= {self.cache_argument: cache, "use_cache": True}
        hidden = output_layer_input(self.model, **inputs)
        return iter(self.readings(hidden, batch))

    def readings(self, hidden: Tensor, batch: Sequence[TokenTree]) -> list[list[Reading]]:
        """What was asked of each tree; the output layer, which is large, is gone through once for all."""
        wanted = [sorted({node for path in tree.ends for node in path}) for tree in batch]
        rows = torch.cat([hidden[i, nodes] for i, nodes in enumerate(wanted)]).float()
        rows = rows.to(self.output.weight.device)
        partition = self.output.log_partition(rows)
        found: list[list[Reading]] = []
        start = 0
        for tree, nodes in zip(batch, wanted):
            at = {node: start + i for i, node in enumerate(nodes)}
            indices = [[at[node] for node in path] for path in tree.ends]
            found.append([Reading(rows[index], partition[index]) for index in indices])
            start += len(nodes)
        return found

    # What may be shared --------------------------------------------------------------------------

    @cached_property
    def window(self) -> int | None:
        """See `attention_window`."""
        return attention_window(self.model)

    def in_window(self, tokens: int) -> bool:
        """Whether every layer sees the whole of a prompt of so many tokens."""
        return self.window is None or tokens <= self.window

    def tree_tokens(self, most: int, longest: int, start: int) -> int:
        """How large a tree may be: `most` or twice its longest prompt, but no larger than the window.

        Some models count the window in places of the batch, not in positions.

        Args:
            start: tokens that it continues.
        """
        size = max(most, 2 * longest)
        return size if self.window is None else min(size, self.window - start)

    @cached_property
    def cache_argument(self) -> str:
        """transformers renamed `past_key_values` to `cache` in the course of version 5."""
        return "cache" if "cache" in inspect.signature(self.model.forward).parameters else "past_key_values"

    @cached_property
    def sharing(self) -> Sharing:
        """Found by trying on a few tokens: a reuse that moves the hidden states is not used."""
        with torch.no_grad():
            return self._find_sharing(self._probe()["input_ids"][0].tolist())

    def _find_sharing(self, ids: Ids) -> Sharing:
        trunk = (ids * 3)[: _MIN_PREFIX + 1]
        sequences = [trunk + ids[:1], trunk + ids[1:3], trunk + ids[2:5]]
        plain = [self._forward([build_tree([sequence])], 0, None) for sequence in sequences]
        expected = torch.cat([next(rows)[0].hidden for rows in plain])
        return Sharing(
            trees=self._agrees(expected, lambda: next(self._forward([build_tree(sequences)], 0, None))),
            prefixes=self._agrees(expected, lambda: self._try_prefix(trunk, sequences)),
        )

    def _try_prefix(self, trunk: Ids, sequences: Sequence[Ids]) -> list[Reading]:
        trees = [build_tree([sequence[len(trunk) :]]) for sequence in sequences]
        start = self._run_prefix(trunk)
        return [rows[0] for rows in self._forward(trees, len(trunk), start)]

    def _agrees(self, expected: Tensor, attempt: Any) -> bool:
        try:
            found = torch.cat([row.hidden for row in attempt()])
        except (
            TypeError,
            ValueError,
            RuntimeError,
            AttributeError,
            NotImplementedError,
            IndexError,
        ) as error:
            # The model takes no positions, no such mask or no such cache.
            _log.info("%s shares nothing on the left: %s", self.identity.reference, error)
            return False
        tolerance = 1e-4 if self.model.dtype == torch.float32 else 0.05
        return bool((found - expected).norm() <= tolerance * expected.norm())
