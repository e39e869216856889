"""The obvious way to score answers: one example at a time, full logits, plain transformers calls, float32.

A masked prompt is the whole string with an answer in it, encoded, and that answer's tokens masked: what such
a model saw when it was trained. An encoder-decoder is given such a prompt, and labels as in its training.
"""

from __future__ import annotations

from typing import Any

import torch

from promptsearch.tasks.task import Example
from promptsearch.template import Template


def vocabulary_log_probs(model: Any, tokenizer: Any, template: Template, example: Example) -> torch.Tensor:
    """log p of every token at the answer slot: (vocabulary,)."""
    if model.config.is_encoder_decoder:
        return seq2seq_log_probs(model, tokenizer, template, example, [tokenizer.unk_token_id])[0]
    masked = tokenizer.mask_token is not None
    ids, position = masked_prompt(tokenizer, template, example) if masked else (None, -1)
    if ids is None:
        text = template.fill({k: v.strip() for k, v in example.values.items()}, "").rstrip(" ")
        ids = tokenizer(text)["input_ids"]
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids])).logits[0]
    return logits[position].log_softmax(-1)


def masked_prompt(tokenizer: Any, template: Template, example: Example) -> tuple[list[int], int]:
    """Ids of the prompt with a mask at the slot, and where it is."""
    values = {k: v.strip() for k, v in example.values.items()}
    at = template.fill(values, "\0").index("\0")
    encoded = tokenizer(template.fill(values, "good"), return_offsets_mapping=True)
    inside = [i for i, (a, b) in enumerate(encoded["offset_mapping"]) if b > at and a < at + 4]
    ids = list(encoded["input_ids"])
    ids[inside[0] : inside[-1] + 1] = [gap_of(tokenizer)]
    return ids, inside[0]


def gap_of(tokenizer: Any) -> int:
    """What stands in place of hidden text."""
    return tokenizer.get_vocab().get("<extra_id_0>", tokenizer.mask_token_id)


def seq2seq_log_probs(
    model: Any, tokenizer: Any, template: Template, example: Example, answer: list[int]
) -> torch.Tensor:
    """log p of every token at each token of the answer: (len(answer), vocabulary)."""
    ids, slot = masked_prompt(tokenizer, template, example)
    written, last = decoder_ids(model, tokenizer, ids, slot)
    written = torch.tensor([[*written, *answer[:-1]]])
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids]), decoder_input_ids=written).logits[0]
    return logits[last:].log_softmax(-1)


def decoder_ids(model: Any, tokenizer: Any, ids: list[int], position: int) -> tuple[list[int], int]:
    """What a decoder has read when the answer to the gap at a position comes, and where its last token is."""
    gap = gap_of(tokenizer)
    copies = gap == tokenizer.mask_token_id
    labels = ids if copies else [gap, tokenizer.unk_token_id]
    written = model.prepare_decoder_input_ids_from_labels(torch.tensor([labels]))[0].tolist()
    last = position if copies else 1
    return written[: last + 1], last


def seq2seq_answer(
    model: Any, tokenizer: Any, template: Template, example: Example, tokens: list[int]
) -> float:
    """Summed log p of the answer's tokens."""
    log_probs = seq2seq_log_probs(model, tokenizer, template, example, tokens)
    return float(sum(row[token] for row, token in zip(log_probs, tokens)))


def causal_answer(model: Any, tokenizer: Any, template: Template, example: Example, answer: str) -> float:
    """Summed log p of the answer's tokens after the prompt."""
    values = {k: v.strip() for k, v in example.values.items()}
    before = template.fill(values, "").rstrip(" ")
    whole = template.fill(values, answer)
    ids = tokenizer(whole, return_tensors="pt")["input_ids"]
    start = len(tokenizer(before)["input_ids"])
    with torch.no_grad():
        log_probs = model(input_ids=ids).logits[0].log_softmax(-1)
    return float(sum(log_probs[i - 1, ids[0, i]] for i in range(start, ids.shape[1])))


def masked_answer(
    model: Any, tokenizer: Any, template: Template, example: Example, tokens: list[int], filling: str
) -> float:
    """Summed log p of the answer's tokens at as many masks."""
    ids, slot = masked_prompt(tokenizer, template, example)
    total = 0.0
    for j, token in enumerate(tokens):
        filled = tokens[:j] if filling == "left-to-right" else [tokenizer.mask_token_id] * j
        row = ids[:slot] + filled + [tokenizer.mask_token_id] * (len(tokens) - j) + ids[slot + 1 :]
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([row])).logits[0, slot + j]
        total += float(logits.log_softmax(-1)[token])
    return total
