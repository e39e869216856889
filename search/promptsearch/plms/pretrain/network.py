"""The BERT that is trained: loaded from a folder, with a new language-model head where it has none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from promptsearch.errors import PLMError
from promptsearch.plms.pretrain.loss import chunked_cross_entropy
from promptsearch.plms.pretrain.masking import MaskedBatch
from promptsearch.plms.sources.files import check_folder, read_config
from promptsearch.plms.sources.loading import load_weights

_HEAD = "cls."


def load_bert(folder: Path) -> tuple[Any, bool]:
    """A float32 BertForMaskedLM, and whether it came with a language-model head.

    Raises:
        PLMError: not a BERT, without tied output embeddings, or more than the head is missing.
    """
    check_folder(folder)
    config = read_config(folder)
    if config.get("model_type") != "bert":
        hint = "A BERT is: a sentence encoder such as minilm-embed, or minilm-mlm."
        raise PLMError(
            f"training starts from a BERT, not from a {config.get('model_type')}",
            where=str(folder),
            hint=hint,
        )
    if config.get("tie_word_embeddings") is False:
        raise PLMError(
            "the output embeddings of this BERT are not tied to its input embeddings", where=str(folder)
        )
    model, info = load_weights(folder, "masked", dtype=torch.float32)
    missing = {*info["missing_keys"], *(name for name, *_ in info["mismatched_keys"])}
    body = sorted(name for name in missing if not name.startswith(_HEAD))
    if body:
        raise PLMError(f"{len(body)} tensors of the encoder are missing, first {body[0]}", where=str(folder))
    # Evaluation mode switches dropout off, which is all that the mode changes in a BERT.
    return model.eval(), not missing


def new_head(model: Any, counts: NDArray[np.int64], noise: float, seed: int) -> None:
    """Start the head so that it hands the encoder's output on, and guesses words by their frequency.

    Dense layer at the identity plus normal noise, plain layer norm, decoder bias at the log of the unigram
    frequencies (each count plus one).
    """
    transform = model.cls.predictions.transform
    generator = torch.Generator().manual_seed(seed)
    size = transform.dense.weight.shape
    frequencies = torch.from_numpy(np.log((counts + 1) / (counts.sum() + len(counts)))).float()
    with torch.no_grad():
        transform.dense.weight.copy_(torch.eye(*size) + noise * torch.randn(size, generator=generator))
        transform.dense.bias.zero_()
        transform.LayerNorm.weight.fill_(1.0)
        transform.LayerNorm.bias.zero_()
        model.cls.predictions.bias.copy_(frequencies)
        model.cls.predictions.decoder.bias.copy_(frequencies)


def masked_loss(model: Any, batch: MaskedBatch) -> Tensor:
    """Mean loss (nats) at the chosen tokens; no other position goes through the head."""
    inputs, attention, chosen, targets = (
        torch.from_numpy(a).to(model.device)
        for a in (batch.inputs, batch.attention, batch.chosen, batch.targets)
    )
    hidden = model.bert(input_ids=inputs, attention_mask=attention.long()).last_hidden_state[chosen]
    head = model.cls.predictions
    return chunked_cross_entropy(head.transform(hidden), head.decoder.weight, head.decoder.bias, targets)
