"""AutoPrompt (Shin et al. 2020), the plain way: what a search costs with none of promptsearch's ideas.

All logits of all positions, in float32; all prompts in one padded batch; one candidate at a time. A step
takes the gradient of the loss at the trigger's embeddings, draws one place, takes the tokens that promise the
lowest loss there by first-order approximation (HotFlip, Ebrahimi et al. 2018), reads the prompts with each of
them, and keeps the best if it is better than what there was (section 2.2 of the paper). Label words, special
tokens and words with a capital are left out, as in the published program.

The loss is that of the paper over the labels alone: a softmax over the label words' logits, as promptsearch
minimises, so that both courses can be laid side by side.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
import transformers
from torch import Tensor

from promptsearch.bench.trigger_job import Filling, Found, Search, TriggerJob


class Reference:
    """The PLM of a job and its prompts as one padded batch, on the processor."""

    def __init__(self, job: TriggerJob) -> None:
        self.job = job
        auto: Any = (
            transformers.AutoModelForMaskedLM if job.family == "masked" else transformers.AutoModelForCausalLM
        )
        self.model: Any = auto.from_pretrained(job.folder, dtype="float32").eval()
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        self.matrix: Tensor = self.model.get_input_embeddings().weight
        longest = max(map(len, job.ids))
        self.ids = torch.tensor([[*ids, *[0] * (longest - len(ids))] for ids in job.ids])
        self.attention = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids in job.ids])
        self.free = torch.tensor(job.free)
        self.answer = torch.tensor(job.answer)
        self.labels = torch.tensor(job.labels)
        self.tokens = torch.tensor(job.tokens)
        self.weights = 1.0 / (self.labels.bincount()[self.labels] * len(self.labels.unique()))
        self.rows = torch.arange(len(job.ids))

    def loss(self, filling: Sequence[int]) -> float:
        """Mean over classes of the mean negative log-probability of the right label, in nats."""
        with torch.no_grad():
            logits = self.model(input_ids=self._filled(filling), attention_mask=self.attention).logits
            return float(self._loss(logits))

    def gradient(self, filling: Sequence[int]) -> Tensor:
        """(m, d) derivative of the loss by the embeddings of the trigger, which all prompts share."""
        vectors = self.matrix[torch.tensor(list(filling))].clone().requires_grad_()
        embedded = self.matrix[self._filled(filling)].clone()
        embedded[self.rows[:, None], self.free] = vectors
        logits = self.model(inputs_embeds=embedded, attention_mask=self.attention).logits
        (gradient,) = torch.autograd.grad(self._loss(logits), vectors)
        return gradient

    def _filled(self, filling: Sequence[int]) -> Tensor:
        ids = self.ids.clone()
        ids[self.rows[:, None], self.free] = torch.tensor(list(filling))
        return ids

    def _loss(self, logits: Tensor) -> Tensor:
        log_probs = logits[self.rows, self.answer].log_softmax(dim=-1)[:, self.tokens].log_softmax(dim=-1)
        return -(log_probs[self.rows, self.labels] * self.weights).sum()


def excluded(job: TriggerJob) -> list[int]:
    """Ids of tokens that may not stand in a trigger."""
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(job.folder)
    texts = [tokenizer.decode([token]) for token in range(len(tokenizer))]
    capitals = {token for token, text in enumerate(texts) if text.strip()[:1].isupper()}
    return sorted({*tokenizer.all_special_ids, *job.tokens, *capitals})


def autoprompt(job: TriggerJob, candidates: int = 10) -> Callable[[float], Search]:
    """The search, to be run for so many seconds.

    Args:
        candidates: |V_cand| of the paper, which takes 10 to 100 of them.
    """
    reference = Reference(job)
    without = torch.tensor(excluded(job))

    def search(seconds: float) -> Search:
        generator = torch.Generator().manual_seed(job.seed)
        begun = time.perf_counter()
        best: Filling = job.start
        lowest = reference.loss(best)
        trail = [Found(time.perf_counter() - begun, best)]
        read, gradients = {best}, 0
        forwards = len(job.ids)
        while time.perf_counter() - begun < seconds:
            gradients += len(job.ids)
            gradient = reference.gradient(best)
            place = int(torch.randint(len(best), (1,), generator=generator))
            promise = -(reference.matrix @ gradient[place])
            promise[without] = -torch.inf
            current = best
            for token in promise.topk(candidates).indices.tolist():
                if time.perf_counter() - begun >= seconds:
                    break
                filling = (*current[:place], token, *current[place + 1 :])
                loss = reference.loss(filling)
                forwards += len(job.ids)
                read.add(filling)
                if loss < lowest:
                    lowest, best = loss, filling
            if best != current:
                trail.append(Found(time.perf_counter() - begun, best))
        taken = time.perf_counter() - begun
        return Search(taken, forwards, len(read), gradients, tuple(trail))

    return search
