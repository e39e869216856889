"""What adapters of all families share: a model in this process, its encoder, output layer and cache."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from torch import Tensor

from promptsearch.plms.base import (
    PLM,
    SUMMED,
    AnswerScoring,
    AnswerStates,
    FloatArray,
    PLMIdentity,
)
from promptsearch.plms.cache import StateCache, state_key
from promptsearch.plms.encoding import PromptEncoder
from promptsearch.plms.forward import OutputLayer, TokenBudget
from promptsearch.plms.free import FreeReader
from promptsearch.plms.free_encoding import surviving, trigger_texts
from promptsearch.plms.memo import StateMemo
from promptsearch.plms.soft_states import soft_answer_sums, soft_states
from promptsearch.soft import SoftTemplate
from promptsearch.tasks.task import Example
from promptsearch.template import Template


class LocalPLM(PLM):
    """A transformers model in this process.

    Args:
        model: in evaluation mode, on its device, with its output embeddings loaded.
        encoder: turns prompts into ids for this model's tokenizer.
        identity: reference, revision, family and weights.
        budget: how many tokens go through the model at once.
        cache: where answer states are kept between runs, or None.
    """

    def __init__(
        self,
        model: Any,
        encoder: PromptEncoder,
        identity: PLMIdentity,
        budget: TokenBudget,
        cache: StateCache | None = None,
    ) -> None:
        # Gradients go to vectors in the prompt; who tunes the model says which of its weights get any.
        self.model = model.requires_grad_(False)
        self.encoder = encoder
        self.identity = identity
        self.budget = budget
        self.cache = cache
        self._memo = StateMemo()
        self.max_tokens = encoder.max_tokens
        self.device = model.device
        self.dtype = str(model.dtype).removeprefix("torch.")
        self.forward_tokens = 0
        with torch.no_grad():
            self.output = OutputLayer.of(model, self._probe())

    def _probe(self) -> dict[str, Tensor]:
        """A tiny input that exercises the output layer."""
        special = {*self.encoder.tokenizer.all_special_ids}
        ids = [i for i in range(min(2000, self.model.config.vocab_size)) if i not in special][-6:]
        return {"input_ids": torch.tensor([ids], device=self.device)}

    # Answer states -------------------------------------------------------------------------------

    def answer_states(
        self, template: Template, examples: Sequence[Example], keep: bool = True
    ) -> AnswerStates:
        return self.answer_states_of([template], examples, keep)[0]

    def answer_states_of(
        self, templates: Sequence[Template], examples: Sequence[Example], keep: bool = True
    ) -> list[AnswerStates]:
        for template in templates:
            self.check_template(template)
        found = {t: states for t in dict.fromkeys(templates) if (states := self._known(t, examples, keep))}
        missing: dict[tuple[int, ...], list[Template]] = {}
        for template in dict.fromkeys(templates):
            if template not in found:
                rows = tuple(range(len(examples)))
                if self.cache and keep:
                    rows = self._memo.missing(template, examples)
                missing.setdefault(rows, []).append(template)
        for rows, group in missing.items():
            with torch.no_grad():
                computed = self._computed(group, [examples[i] for i in rows])
            for template, states in zip(group, computed):
                found[template] = self._kept(template, examples, rows, states, keep)
        self._memo.trim()
        return [found[template] for template in templates]

    def _known(self, template: Template, examples: Sequence[Example], keep: bool) -> AnswerStates | None:
        """States of all the examples, from memory or disk."""
        if not self.cache:
            return None
        if keep and examples and not self._memo.missing(template, examples):
            return self._memo.get(template, examples)
        states = self.cache.get(self._state_key(template, examples))
        if states is not None and keep:
            self._memo.put(template, examples, states)
        return states

    def _kept(
        self,
        template: Template,
        examples: Sequence[Example],
        rows: Sequence[int],
        states: AnswerStates,
        keep: bool,
    ) -> AnswerStates:
        """The states of all examples, from those of the rows just computed and those in memory."""
        if not self.cache or not keep or not examples:
            return states
        self._memo.put(template, [examples[i] for i in rows], states)
        whole = self._memo.get(template, examples)
        self.cache.put(self._state_key(template, examples), whole)
        return whole

    def _state_key(self, template: Template, examples: Sequence[Example]) -> str:
        reading = self._reading if self.cache else ""
        return state_key(self.identity, self.dtype, self.max_tokens, template, examples, reading)

    @cached_property
    def _reading(self) -> str:
        """sha256 (hex) over what turns text into ids and runs the weights: another one, other states."""
        config = {
            name: value
            for name, value in self.model.config.to_dict().items()
            if name not in ("_name_or_path", "dtype", "torch_dtype", "transformers_version")
        }
        parts = [self.encoder.tokenizer.backend_tokenizer.to_str(), config, transformers.__version__]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()

    def watch(self, progress: Callable[[int, int], None]) -> None:
        self.budget.progress = progress

    def check_template(self, template: Template) -> None:
        self.encoder.check_template(template)

    def _computed(self, templates: Sequence[Template], examples: Sequence[Example]) -> list[AnswerStates]:
        """Answer states without the cache; templates of words share what they can."""
        worded = [template for template in templates if not isinstance(template, SoftTemplate)]
        found = dict(zip(worded, self._compute_states(worded, examples) if worded else ()))
        return [
            soft_states(self, template, examples) if isinstance(template, SoftTemplate) else found[template]
            for template in templates
        ]

    @abstractmethod
    def _compute_states(
        self, templates: Sequence[Template], examples: Sequence[Example]
    ) -> list[AnswerStates]:
        """Answer states by forward passes, without the cache."""

    def _states(self, hidden: Sequence[Tensor], tokens: Sequence[int], shortened: np.ndarray) -> AnswerStates:
        """Answer states from one hidden vector a prompt."""
        rows = torch.stack(list(hidden)).float() if hidden else torch.zeros(0, self.output.weight.shape[1])
        rows = rows.to(self.output.weight.device)
        return AnswerStates(
            rows.cpu().numpy(),
            self.output.log_partition(rows).cpu().numpy(),
            np.asarray(tokens, dtype=np.int32),
            shortened,
        )

    def shortened(self, template: Template, examples: Sequence[Example]) -> NDArray[np.bool_]:
        return self.encoder.encode(template, examples, read_right=self.identity.reads_right).shortened

    # Words and answers ---------------------------------------------------------------------------

    def word_ids(self, template: Template, words: Sequence[str]) -> list[list[int]]:
        return self.encoder.word_ids(template, words)

    def spelled_ids(self, template: Template, words: Sequence[str]) -> list[list[int] | None]:
        return self.encoder.spelled_ids(template, words)

    def word_scores(self, states: AnswerStates, token_ids: Sequence[int]) -> FloatArray:
        with torch.no_grad():
            hidden = torch.from_numpy(states.hidden).to(self.output.weight.device)
            ids = self._token_ids(token_ids)
            return self.output.logits(hidden, ids).cpu().numpy() - states.log_partition[:, None]

    def output_embeddings(self, token_ids: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        ids, layer = self._token_ids(token_ids), self.output
        rows, bias = layer.weight[ids].float() * layer.scale, layer.bias[ids] * layer.scale
        return rows.cpu().numpy(), bias.cpu().numpy()

    def _token_ids(self, token_ids: Sequence[int]) -> Tensor:
        return torch.as_tensor(list(token_ids), dtype=torch.int64, device=self.output.weight.device)

    def vocabulary(self, after: str = "") -> tuple[str, ...]:
        return self.encoder.token_texts(after)

    def initial_ids(self, template: Template) -> list[list[int] | None]:
        """For each trigger or soft slot the tokens of the words it starts from, None where it has none.

        Raises:
            TemplateError: words without a token.
        """
        return self.encoder.initial_ids(template)

    def trigger_texts(self, template: Template, groups: Sequence[Sequence[int]]) -> list[str]:
        """Text of the tokens found for each trigger slot, for `Template.with_words`."""
        return self.texts_of(template, [[token for ids in groups for token in ids]])[0]

    def texts_of(self, template: Template, fillings: Sequence[Sequence[int]]) -> list[list[str]]:
        """`trigger_texts` of many fillings (c, m) of all trigger slots together."""
        return trigger_texts(self.encoder, template, [list(filling) for filling in fillings])

    def survives(
        self, template: Template, groups: Sequence[Sequence[int]], examples: Sequence[Example]
    ) -> bool:
        """Whether the prompts with that text have the same token ids, for all the examples."""
        filling = [[token for ids in groups for token in ids]]
        return bool(self.surviving(template, np.asarray(filling, dtype=np.int64), examples)[0])

    def surviving(
        self, template: Template, fillings: NDArray[np.int64], examples: Sequence[Example]
    ) -> NDArray[np.bool_]:
        """`survives` for many fillings (c, m) of all trigger slots together: (c,)."""
        return surviving(self.encoder, template, fillings, examples, self.identity.reads_right)

    def answer_log_probs(
        self,
        template: Template,
        examples: Sequence[Example],
        answers: Sequence[str],
        scoring: AnswerScoring = SUMMED,
    ) -> FloatArray:
        self.check_template(template)
        ids = self.word_ids(template, answers)
        with torch.no_grad():
            if scoring.normalisation == "pmi":
                # The empty example rides along in the same batches.
                empty = Example(dict.fromkeys(template.fields, ""))
                sums = self._summed(template, [*examples, empty], ids, scoring)
                return sums[:-1] - sums[-1:]
            sums = self._summed(template, examples, ids, scoring)
        if scoring.normalisation == "token":
            return sums / np.asarray([len(answer) for answer in ids], dtype=np.float32)
        return sums

    @abstractmethod
    def word_reader(self, template: Template, examples: Sequence[Example]) -> FreeReader:
        """Prompts of words alone, to be read again and again while the model's weights change.

        Their vectors have the shape (0, d).

        Raises:
            TemplateError: the template has free places, or cannot work on this PLM.
        """

    def _summed(
        self,
        template: Template,
        examples: Sequence[Example],
        answers: Sequence[Sequence[int]],
        scoring: AnswerScoring,
    ) -> FloatArray:
        if isinstance(template, SoftTemplate):
            return soft_answer_sums(self, template, examples, answers)
        return self._answer_sums(template, examples, answers, scoring)

    @abstractmethod
    def _answer_sums(
        self,
        template: Template,
        examples: Sequence[Example],
        answers: Sequence[Sequence[int]],
        scoring: AnswerScoring,
    ) -> FloatArray:
        """Summed log-probabilities of the answers' tokens: (n, len(answers))."""
