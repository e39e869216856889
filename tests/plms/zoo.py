"""Small random models of each family with real tokenizers, built on the spot."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
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

from promptsearch.plms.base import PLMIdentity
from promptsearch.plms.causal import CausalPLM
from promptsearch.plms.encoding import PromptEncoder
from promptsearch.plms.forward import TokenBudget
from promptsearch.plms.loading import context_tokens
from promptsearch.plms.local import LocalPLM
from promptsearch.plms.masked import MaskedPLM
from promptsearch.plms.sources import LoadedModel

TEXT = [
    "It was a terrible film, and the acting was worse than the script.",
    "It was great, really great. A wonderful, funny and moving story!",
    "This is very good. This is very bad. It's not good, it isn't bad.",
    "Sentiment: positive. Sentiment: negative. Review: the plot (thin) goes nowhere.",
    "Der Film war großartig; l'été à Paris… 今天天气很好 今天很坏 very well done",
    "goodness gracious, gooder words than good and godly",
] * 4


@cache
def wordpiece() -> PreTrainedTokenizerFast:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    # What its own trainer finds differs from process to process.
    pieces = Tokenizer(models.BPE())
    pieces.normalizer = normalizers.BertNormalizer(lowercase=True)
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    pieces.train_from_iterator(TEXT, trainers.BpeTrainer(vocab_size=200))
    begin = sorted(pieces.get_vocab())
    go_on = [f"##{piece}" for piece in begin if len(piece) <= 2]
    vocabulary = {piece: i for i, piece in enumerate([*special, *begin, *go_on])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = pieces.normalizer, pieces.pre_tokenizer
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), special))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


@cache
def bytelevel(masked: bool) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>"] if masked else ["<|endoftext|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        TEXT, trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet)
    )
    if not masked:
        return PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, eos_token="<|endoftext|>", bos_token="<|endoftext|>"
        )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    )
    from transformers import AddedToken

    wrapped.add_special_tokens({"mask_token": AddedToken("<mask>", lstrip=True, special=True)})
    return wrapped


@cache
def metaspace(masked: bool) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="first")
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"] if masked else ["<unk>", "<s>", "</s>"]
    unknown = "[UNK]" if masked else "<unk>"
    tokenizer.train_from_iterator(
        TEXT, trainers.UnigramTrainer(vocab_size=250, special_tokens=special, unk_token=unknown)
    )
    # The last digits of what it finds differ from process to process, and with them the order.
    model = json.loads(tokenizer.to_str())["model"]
    pieces = sorted((-round(score, 2), piece) for piece, score in model["vocab"][len(special) :])
    known = [(piece, 0.0) for piece in special] + [(piece, -cost) for cost, piece in pieces]
    tokenizer.model = models.Unigram(known, unk_id=special.index(unknown))
    if masked:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
        )
        names = dict(zip(("pad_token", "cls_token", "sep_token", "unk_token", "mask_token"), special))
    else:
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
        names = dict(zip(("unk_token", "bos_token", "eos_token"), special))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


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


@cache
def raw(name: str) -> tuple[Any, Any]:
    """Model and tokenizer, weights fixed by the name."""
    torch.manual_seed(7)
    model, tokenizer = (MASKED | CAUSAL)[name]()
    with torch.no_grad():
        for parameter in model.parameters():
            # Larger than the usual start, so that a wrong position or mask moves the result visibly.
            parameter.mul_(3.0) if parameter.dim() > 1 else parameter.add_(torch.randn_like(parameter) * 0.1)
    return model.eval(), tokenizer


def adapter(name: str, tokens: int = 64, **options: Any) -> LocalPLM:
    """The adapter for one of the small models, `tokens` a batch."""
    model, tokenizer = raw(name)
    family = "masked" if name in MASKED else "causal"
    limit = context_tokens(LoadedModel(model, tokenizer, family, "0" * 64))
    start = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    encoder = PromptEncoder(tokenizer, limit, start)
    identity = PLMIdentity(name, None, family, "0" * 64)
    build = MaskedPLM if family == "masked" else CausalPLM
    return build(model, encoder, identity, TokenBudget(tokens), **options)


def fresh(name: str, tokens: int = 64, dtype: torch.dtype = torch.float32) -> LocalPLM:
    """The adapter around a model that nobody else uses, to be trained or brought to another precision."""
    plm = adapter(name, tokens)
    return type(plm)(raw.__wrapped__(name)[0].to(dtype), plm.encoder, plm.identity, plm.budget)
