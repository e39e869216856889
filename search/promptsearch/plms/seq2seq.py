"""Sequence-to-sequence PLMs: the encoder reads the prompt with a gap, the decoder writes what fills it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from promptsearch.plms.base import AnswerScoring, AnswerStates, FloatArray, PLMIdentity
from promptsearch.plms.cache import StateCache
from promptsearch.plms.encoding import EncodedPrompts, PromptEncoder
from promptsearch.plms.forward import TokenBudget, output_layer_input, padded_length, right_padded
from promptsearch.plms.free import FreeReader
from promptsearch.plms.free_encoding import free_prompts
from promptsearch.plms.free_seq2seq import Seq2SeqFreeReader
from promptsearch.plms.local import LocalPLM
from promptsearch.plms.seq2seq_asked import Asked, ask_answers
from promptsearch.plms.seq2seq_layout import layout_of
from promptsearch.plms.word_prompts import word_prompts
from promptsearch.tasks.task import Example
from promptsearch.template import Template

# What the decoder reads is often so short that padding it to a multiple of 8 would cost more than it saves.
_SHORT = 8


@dataclass(frozen=True)
class EncoderStates:
    """What the encoder made of b prompts.

    Attributes:
        hidden: (b, longest, d).
        mask: (b, longest), 0 at padding; None where there is none.
    """

    hidden: Tensor
    mask: Tensor | None

    def rows(self, chosen: Sequence[int]) -> EncoderStates:
        """The states of some of the prompts, each as often as it is chosen."""
        if list(chosen) == list(range(len(self.hidden))):
            return self
        at = torch.tensor(chosen, device=self.hidden.device)
        return EncoderStates(self.hidden[at], None if self.mask is None else self.mask[at])


class Seq2SeqPLM(LocalPLM):
    """T5, mT5, FLAN-T5, BART, mBART and their kin, each in the layout that it was trained with.

    The encoder runs once for a prompt, whatever answers are asked for.

    Raises:
        PLMError: the model was not trained to fill gaps, see `layout_of`.
    """

    def __init__(
        self,
        model: Any,
        encoder: PromptEncoder,
        identity: PLMIdentity,
        budget: TokenBudget,
        cache: StateCache | None = None,
    ) -> None:
        self.layout = layout_of(model, encoder.tokenizer, identity.reference)
        # No tokenizer calls a sentinel its mask, and that of mT5 does not even call it a special token.
        encoder.mask_id = self.layout.slot
        encoder.texts.hide({self.layout.slot, self.layout.second_slot})
        super().__init__(model, encoder, identity, budget, cache)

    def _probe(self) -> dict[str, Tensor]:
        probe = super()._probe()
        openings = [self.layout.opening(ids) for ids in probe["input_ids"].tolist()]
        return probe | {"decoder_input_ids": torch.tensor(openings, device=self.device)}

    # Answers -------------------------------------------------------------------------------------

    def _compute_states(
        self, templates: Sequence[Template], examples: Sequence[Example]
    ) -> list[AnswerStates]:
        encoded = [self.encoder.encode(template, examples) for template in templates]
        prompts = [asked for prompt in encoded for asked in self._asked(prompt)]
        hidden = self.read(prompts)
        n = len(examples)
        return [
            self._states(
                [rows[0] for rows in hidden[k * n : (k + 1) * n]],
                [len(asked.source) for asked in prompts[k * n : (k + 1) * n]],
                prompt.shortened,
            )
            for k, prompt in enumerate(encoded)
        ]

    def _asked(self, encoded: EncodedPrompts) -> list[Asked]:
        """What is asked of each prompt where its answer has one token."""
        return [
            Asked((*left, self.layout.slot, *right), tuple(self.layout.opening(left)))
            for left, right in zip(encoded.left, encoded.right)
        ]

    def _answer_sums(
        self,
        template: Template,
        examples: Sequence[Example],
        answers: Sequence[Sequence[int]],
        scoring: AnswerScoring,
    ) -> FloatArray:
        # Where the decoder copies, the answer stands behind the text. It gets room for its own tokens only: a
        # text must not be cut more for one answer because another is long.
        rooms = [len(answer) if self.layout.copies else 1 for answer in answers]
        prompts = {
            room: self._asked(self.encoder.encode(template, examples, slot_tokens=room))
            for room in dict.fromkeys(rooms)
        }
        questions = ask_answers(prompts, rooms, answers)
        sums = np.zeros((len(examples), len(answers)), dtype=np.float32)
        if not sums.size:
            return sums
        hidden = torch.cat(self.read(questions.asked)).float().to(self.output.weight.device)
        partition = self.output.log_partition(hidden)
        firsts = torch.from_numpy(questions.rows).to(hidden.device)
        for column, answer in enumerate(answers):
            for j, token in enumerate(answer):
                at = firsts[:, column] + j
                token_id = torch.tensor([token], device=hidden.device)
                scores = self.output.logits(hidden[at], token_id)[:, 0] - partition[at]
                sums[:, column] += scores.cpu().numpy()
        return sums

    def free_reader(self, template: Template, examples: Sequence[Example], reuse: bool = True) -> FreeReader:
        return Seq2SeqFreeReader(self, free_prompts(self.encoder, template, examples, read_right=True))

    def word_reader(self, template: Template, examples: Sequence[Example]) -> FreeReader:
        return Seq2SeqFreeReader(self, word_prompts(self.encoder, template, examples, read_right=True))

    # Forward passes ------------------------------------------------------------------------------

    def read(self, prompts: Sequence[Asked]) -> list[Tensor]:
        """Hidden states of the decoder where they are wanted: for each prompt (its `states`, d)."""
        counts = [asked.states for asked in prompts]
        # Laid out before the batches: what is kept from between them would break up the memory they use.
        shape = sum(counts), self.output.weight.shape[1]
        hidden = torch.empty(shape, dtype=self.model.dtype, device=self.device).split(counts)
        items = list(zip(prompts, hidden)) if prompts else []
        return self.budget.run(items, lambda item: self.tokens(item[0]), self._run)

    def tokens(self, asked: Asked) -> int:
        """How many tokens a prompt takes in a batch."""
        return self.padded(asked.source) + asked.written

    def padded(self, ids: Sequence[int]) -> int:
        """How many tokens the encoder's part takes in a batch."""
        return padded_length(len(ids), self.max_tokens)

    def _run(self, batch: list[tuple[Asked, Tensor]]) -> Iterator[Tensor]:
        """Run the encoder once, then the decoder over all that is asked, as many rows at once as fit."""
        encoded = self.encode([asked.source for asked, _ in batch])
        rows = [
            (i, (*asked.opening, *start), wanted)
            for i, (asked, hidden) in enumerate(batch)
            for start, wanted in zip(asked.starts, hidden.split([1 + len(each) for each in asked.starts]))
        ]
        # Each row attends to all tokens of its prompt.
        tokens = encoded.hidden.shape[1] + max(asked.written for asked, _ in batch)
        size = max(len(batch), self.budget.tokens // tokens)
        for first in range(0, len(rows), size):
            chunk = rows[first : first + size]
            states = self.decode(encoded.rows([i for i, _, _ in chunk]), [ids for _, ids, _ in chunk])
            for row, (_, ids, wanted) in zip(states, chunk):
                wanted.copy_(row[len(ids) - len(wanted) : len(ids)])
        return iter([hidden for _, hidden in batch])

    def encode(self, sources: Sequence[Sequence[int]]) -> EncoderStates:
        """One pass of the encoder over prompts padded on the right."""
        ids, mask = self._batch(sources, max(self.padded(source) for source in sources))
        hidden = self.model.get_encoder()(input_ids=ids, attention_mask=mask)[0]
        return EncoderStates(hidden, mask)

    def decode(self, encoded: EncoderStates, rows: Sequence[Sequence[int]]) -> Tensor:
        """One pass of the decoder up to the output layer: (b, longest, d).

        Args:
            encoded: of b prompts.
            rows: what the decoder reads of each. No token of it sees the padding on its right.
        """
        from transformers.modeling_outputs import BaseModelOutput

        longest = max(map(len, rows))
        ids, _ = self._batch(rows, longest if longest < _SHORT else padded_length(longest, self.max_tokens))
        return output_layer_input(
            self.model,
            encoder_outputs=BaseModelOutput(last_hidden_state=encoded.hidden),
            attention_mask=encoded.mask,
            decoder_input_ids=ids,
            use_cache=False,
        )

    def _batch(self, rows: Sequence[Sequence[int]], length: int) -> tuple[Tensor, Tensor | None]:
        ids, mask = right_padded(rows, length, self.encoder.tokenizer.pad_token_id or 0)
        self.forward_tokens += ids.numel()
        return ids.to(self.device), None if bool(mask.all()) else mask.to(self.device)
