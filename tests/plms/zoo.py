"""Small random models of each family with real tokenizers, built on the spot."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BloomConfig,
    BloomForCausalLM,
    CohereConfig,
    CohereForCausalLM,
    DebertaV2Config,
    DebertaV2ForMaskedLM,
    ElectraConfig,
    ElectraForMaskedLM,
    Gemma2Config,
    Gemma2ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    ModernBertConfig,
    ModernBertForMaskedLM,
    OPTConfig,
    OPTForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    RobertaConfig,
    RobertaForMaskedLM,
)

from promptsearch.plms.base import Family, PLMIdentity
from promptsearch.plms.causal import CausalPLM
from promptsearch.plms.encoding import PromptEncoder
from promptsearch.plms.forward import TokenBudget
from promptsearch.plms.loading import context_tokens
from promptsearch.plms.local import LocalPLM
from promptsearch.plms.masked import MaskedPLM
from promptsearch.plms.seq2seq import Seq2SeqPLM
from promptsearch.plms.sources import LoadedModel
from tests.plms.zoo_seq2seq import SEQ2SEQ
from tests.plms.zoo_tokenizers import bytelevel, metaspace, wordpiece

_SIZE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
_LLAMA = _SIZE | {"num_key_value_heads": 2, "max_position_embeddings": 256}


def _masked(build: Any, config: Any, tokenizer: PreTrainedTokenizerFast, **extra: Any) -> tuple[Any, Any]:
    return build(
        config(
            vocab_size=len(tokenizer),
            max_position_embeddings=130,
            pad_token_id=tokenizer.pad_token_id,
            **_SIZE,
            **extra,
        )
    ), tokenizer


MASKED: dict[str, Callable[[], tuple[Any, Any]]] = {
    "bert": lambda: _masked(BertForMaskedLM, BertConfig, wordpiece()),
    "electra": lambda: _masked(ElectraForMaskedLM, ElectraConfig, wordpiece(), embedding_size=16),
    "roberta": lambda: _masked(RobertaForMaskedLM, RobertaConfig, bytelevel(True)),
    "modernbert": lambda: _masked(
        ModernBertForMaskedLM,
        ModernBertConfig,
        bytelevel(True),
        cls_token_id=0,
        sep_token_id=2,
        local_attention=16,
    ),
    "deberta": lambda: _masked(
        DebertaV2ForMaskedLM,
        DebertaV2Config,
        metaspace(True),
        relative_attention=True,
        pos_att_type=["p2c", "c2p"],
    ),
}

CAUSAL: dict[str, Callable[[], tuple[Any, Any]]] = {
    "gpt2": lambda: (
        GPT2LMHeadModel(
            GPT2Config(vocab_size=len(bytelevel(False)), n_embd=32, n_layer=2, n_head=4, n_positions=256)
        ),
        bytelevel(False),
    ),
    "pythia": lambda: (
        GPTNeoXForCausalLM(
            GPTNeoXConfig(vocab_size=len(bytelevel(False)), max_position_embeddings=256, **_SIZE)
        ),
        bytelevel(False),
    ),
    "opt": lambda: (
        OPTForCausalLM(
            OPTConfig(
                vocab_size=len(bytelevel(False)),
                hidden_size=32,
                num_hidden_layers=2,
                num_attention_heads=4,
                ffn_dim=64,
                word_embed_proj_dim=16,
                max_position_embeddings=256,
                pad_token_id=0,
            )
        ),
        bytelevel(False),
    ),
    "llama": lambda: (
        LlamaForCausalLM(LlamaConfig(vocab_size=len(metaspace(False)), **_LLAMA)),
        metaspace(False),
    ),
    "qwen": lambda: (
        Qwen2ForCausalLM(Qwen2Config(vocab_size=len(bytelevel(False)), **_LLAMA)),
        bytelevel(False),
    ),
    "mistral-window": lambda: (
        MistralForCausalLM(MistralConfig(vocab_size=len(metaspace(False)), sliding_window=8, **_LLAMA)),
        metaspace(False),
    ),
    "gemma-capped": lambda: (
        Gemma2ForCausalLM(
            Gemma2Config(
                vocab_size=len(metaspace(False)),
                head_dim=8,
                final_logit_softcapping=0.5,
                pad_token_id=0,
                bos_token_id=1,
                eos_token_id=2,
                **_LLAMA,
            )
        ),
        metaspace(False),
    ),
    "cohere-scaled": lambda: (
        CohereForCausalLM(
            CohereConfig(
                vocab_size=len(bytelevel(False)),
                logit_scale=0.25,
                bos_token_id=0,
                eos_token_id=0,
                pad_token_id=0,
                **_LLAMA,
            )
        ),
        bytelevel(False),
    ),
    "bloom-alibi": lambda: (
        BloomForCausalLM(BloomConfig(vocab_size=len(bytelevel(False)), hidden_size=32, n_layer=2, n_head=4)),
        bytelevel(False),
    ),
}


ADAPTERS: dict[Family, type[LocalPLM]] = {"masked": MaskedPLM, "causal": CausalPLM, "seq2seq": Seq2SeqPLM}


def family_of(name: str) -> Family:
    """The family of one of the small models."""
    if name in SEQ2SEQ:
        return "seq2seq"
    return "masked" if name in MASKED else "causal"


@cache
def raw(name: str) -> tuple[Any, Any]:
    """Model and tokenizer, weights fixed by the name."""
    torch.manual_seed(7)
    model, tokenizer = (MASKED | CAUSAL | SEQ2SEQ)[name]()
    with torch.no_grad():
        for parameter in model.parameters():
            # Larger than the usual start, so that a wrong position or mask moves the result visibly.
            parameter.mul_(3.0) if parameter.dim() > 1 else parameter.add_(torch.randn_like(parameter) * 0.1)
    return model.eval(), tokenizer


def adapter(name: str, tokens: int = 64, **options: Any) -> LocalPLM:
    """The adapter for one of the small models, `tokens` a batch."""
    model, tokenizer = raw(name)
    family = family_of(name)
    limit = context_tokens(LoadedModel(model, tokenizer, family, "0" * 64))
    start = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    encoder = PromptEncoder(tokenizer, limit, start)
    identity = PLMIdentity(name, None, family, "0" * 64)
    return ADAPTERS[family](model, encoder, identity, TokenBudget(tokens), **options)


def fresh(name: str, tokens: int = 64, dtype: torch.dtype = torch.float32) -> LocalPLM:
    """The adapter around a model that nobody else uses, to be trained or brought to another precision."""
    plm = adapter(name, tokens)
    return type(plm)(raw.__wrapped__(name)[0].to(dtype), plm.encoder, plm.identity, plm.budget)
