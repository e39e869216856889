"""Masked (autoencoding) PLMs: the answer is read at mask tokens inside the text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from promptsearch.errors import PLMError
from promptsearch.plms.base import AnswerScoring, AnswerStates, FloatArray
from promptsearch.plms.encoding import EncodedPrompts
from promptsearch.plms.forward import output_layer_input, padded_length, right_padded
from promptsearch.plms.free import FreeReader
from promptsearch.plms.free_encoding import free_prompts
from promptsearch.plms.free_masked import MaskedFreeReader
from promptsearch.plms.local import LocalPLM
from promptsearch.plms.word_prompts import word_prompts
from promptsearch.tasks.task import Example
from promptsearch.template import Template


class MaskedPLM(LocalPLM):
    """BERT, RoBERTa, DeBERTa, ELECTRA's generator, ModernBERT and their kin."""

    @property
    def mask_id(self) -> int:
        """Id of the mask token."""
        if self.encoder.mask_id is None:
            raise PLMError(f"the tokenizer of {self.identity.reference} has no mask token")
        return self.encoder.mask_id

    def _compute_states(
        self, templates: Sequence[Template], examples: Sequence[Example]
    ) -> list[AnswerStates]:
        encoded = [self.encoder.encode(template, examples) for template in templates]
        prompts = [
            ([*left, self.mask_id, *right], [len(left)])
            for prompt in encoded
            for left, right in zip(prompt.left, prompt.right)
        ]
        hidden = self.read_positions(prompts)
        n = len(examples)
        return [
            self._states(
                [rows[0] for rows in hidden[k * n : (k + 1) * n]],
                [len(ids) for ids, _ in prompts[k * n : (k + 1) * n]],
                prompt.shortened,
            )
            for k, prompt in enumerate(encoded)
        ]

    def read_positions(self, prompts: Sequence[tuple[list[int], list[int]]]) -> list[Tensor]:
        """For each (ids, positions): hidden states at the positions, (len(positions), d)."""
        counts = [len(positions) for _, positions in prompts]
        # Laid out before the batches: what is kept from between them would break up the memory they use.
        shape = sum(counts), self.output.weight.shape[1]
        hidden = torch.empty(shape, dtype=self.model.dtype, device=self.device).split(counts)
        items = [(*prompt, rows) for prompt, rows in zip(prompts, hidden)]
        return self.budget.run(items, lambda item: self.padded(item[0]), self._forward)

    def padded(self, ids: Sequence[int]) -> int:
        """How many tokens a prompt takes in a batch."""
        return padded_length(len(ids), self.max_tokens)

    def _forward(self, batch: list[tuple[list[int], list[int], Tensor]]) -> Iterator[Tensor]:
        """Run (ids, positions, rows) and put the hidden states at the positions into the rows."""
        hidden = self.run([ids for ids, _, _ in batch])
        for i, (_, positions, rows) in enumerate(batch):
            rows.copy_(hidden[i, positions])
        return iter([rows for _, _, rows in batch])

    def run(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """One forward pass up to the output layer: (len(prompts), longest, d)."""
        return output_layer_input(self.model, **self.inputs(prompts))

    def inputs(self, prompts: Sequence[Sequence[int]]) -> dict[str, Tensor]:
        """Ids padded on the right, with a mask of the padding where there is any."""
        longest = max(self.padded(ids) for ids in prompts)
        ids, attention = right_padded(prompts, longest, self.encoder.tokenizer.pad_token_id or 0)
        self.forward_tokens += ids.numel()
        inputs = {"input_ids": ids.to(self.device)}
        if not bool(attention.all()):
            inputs["attention_mask"] = attention.to(self.device)
        return inputs

    def free_reader(self, template: Template, examples: Sequence[Example], reuse: bool = True) -> FreeReader:
        return MaskedFreeReader(self, free_prompts(self.encoder, template, examples, read_right=True))

    def word_reader(self, template: Template, examples: Sequence[Example]) -> FreeReader:
        return MaskedFreeReader(self, word_prompts(self.encoder, template, examples, read_right=True))

    # Answers of several tokens -------------------------------------------------------------------

    def _answer_sums(
        self,
        template: Template,
        examples: Sequence[Example],
        answers: Sequence[Sequence[int]],
        scoring: AnswerScoring,
    ) -> FloatArray:
        sums = np.zeros((len(examples), len(answers)), dtype=np.float32)
        by_length: dict[int, list[int]] = defaultdict(list)
        for column, answer in enumerate(answers):
            by_length[len(answer)].append(column)
        for length, columns in by_length.items():
            encoded = self.encoder.encode(template, examples, slot_tokens=length)
            chosen = [list(answers[column]) for column in columns]
            fill = self._at_once if scoring.filling == "at-once" else self._left_to_right
            sums[:, columns] = fill(encoded, chosen)
        return sums

    def _at_once(self, encoded: EncodedPrompts, answers: Sequence[Sequence[int]]) -> FloatArray:
        """All k masks in one pass: sum_j log p(token_j | k masks)."""
        k = len(answers[0])
        prompts = [
            (left + [self.mask_id] * k + right, list(range(len(left), len(left) + k)))
            for left, right in zip(encoded.left, encoded.right)
        ]
        hidden = torch.stack(self.read_positions(prompts)).float().to(self.output.weight.device)
        sums = hidden.new_zeros((len(prompts), len(answers)))
        for j in range(k):
            ids = torch.tensor([answer[j] for answer in answers], device=hidden.device)
            partition = self.output.log_partition(hidden[:, j])
            sums += self.output.logits(hidden[:, j], ids) - partition[:, None]
        return sums.cpu().numpy()

    def _left_to_right(self, encoded: EncodedPrompts, answers: Sequence[Sequence[int]]) -> FloatArray:
        """k passes: sum_j log p(token_j | tokens before it, masks from j on); shared starts run once."""
        k = len(answers[0])
        starts = list(dict.fromkeys(tuple(answer[:j]) for answer in answers for j in range(k)))
        prompts = [
            (left + list(start) + [self.mask_id] * (k - len(start)) + right, [len(left) + len(start)])
            for left, right in zip(encoded.left, encoded.right)
            for start in starts
        ]
        rows = torch.cat(self.read_positions(prompts)).float().to(self.output.weight.device)
        hidden = rows.view(len(encoded.left), len(starts), -1)
        partition = self.output.log_partition(rows).view(len(encoded.left), len(starts))
        sums = rows.new_zeros((len(encoded.left), len(answers)))
        at = {start: i for i, start in enumerate(starts)}
        for column, answer in enumerate(answers):
            for j, token in enumerate(answer):
                i = at[tuple(answer[:j])]
                token_id = torch.tensor([token], device=rows.device)
                sums[:, column] += self.output.logits(hidden[:, i], token_id)[:, 0] - partition[:, i]
        return sums.cpu().numpy()
