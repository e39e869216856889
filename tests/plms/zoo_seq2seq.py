"""Small random encoder-decoders: T5, whose gaps are sentinels, and BART, whose gaps are masks."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    MBartConfig,
    MBartForConditionalGeneration,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

from tests.plms.zoo_tokenizers import bytelevel, metaspace

_POSITIONS = 130


def _pieces(special: list[str]) -> Tokenizer:
    """SentencePiece's kind, with special tokens of its own in front of the pieces."""
    whole = metaspace(False)
    model = json.loads(whole.backend_tokenizer.to_str())["model"]
    known = [(piece, 0.0) for piece in special]
    known += [(piece, score) for piece, score in model["vocab"] if not piece.startswith("<")]
    # Label words of many tests, to be one token each as the others are.
    known += [(piece, known[-1][1]) for piece in ("▁bad", "▁film")]
    tokenizer = Tokenizer(models.Unigram(known, unk_id=special.index("<unk>")))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="first")
    return tokenizer


@cache
def sentinels() -> PreTrainedTokenizerFast:
    """As T5's: `</s>` behind a text, sentinels behind all pieces, the first of them last."""
    tokenizer = _pieces(["<pad>", "</s>", "<unk>"])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
    extra: list[Any] = [f"<extra_id_{i}>" for i in reversed(range(4))]
    wrapped.add_special_tokens({"additional_special_tokens": extra})
    return wrapped


@cache
def languages() -> PreTrainedTokenizerFast:
    """As mBART's: the end of a text and its language behind it, and a mask."""
    tokenizer = _pieces(["<s>", "<pad>", "</s>", "<unk>", "en_XX", "<mask>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s> en_XX", special_tokens=[("</s>", 2), ("en_XX", 4)]
    )
    names = {"bos": "<s>", "pad": "<pad>", "eos": "</s>", "unk": "<unk>", "mask": "<mask>"}
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, **{f"{name}_token": token for name, token in names.items()}
    )
    language: list[Any] = ["en_XX"]
    wrapped.add_special_tokens({"additional_special_tokens": language})
    return wrapped


def _t5(**extra: Any) -> tuple[Any, Any]:
    tokenizer = sentinels()
    # Larger than the tokenizer, as T5's is.
    config = T5Config(
        vocab_size=len(tokenizer) + 3,
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        n_positions=_POSITIONS,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
        **extra,
    )
    return T5ForConditionalGeneration(config), tokenizer


def _bart(build: Any, config: Any, tokenizer: PreTrainedTokenizerFast, **extra: Any) -> tuple[Any, Any]:
    model = build(
        config(
            vocab_size=len(tokenizer),
            d_model=32,
            encoder_layers=2,
            decoder_layers=2,
            encoder_attention_heads=4,
            decoder_attention_heads=4,
            encoder_ffn_dim=64,
            decoder_ffn_dim=64,
            max_position_embeddings=_POSITIONS,
            pad_token_id=1,
            bos_token_id=0,
            eos_token_id=2,
            **extra,
        )
    )
    model.final_logits_bias.normal_()
    return model, tokenizer


SEQ2SEQ: dict[str, Callable[[], tuple[Any, Any]]] = {
    "t5": lambda: _t5(initializer_factor=0.5),
    # Version 1.1: gated, and its decoder's states are not scaled.
    "t5-gated": lambda: _t5(
        feed_forward_proj="gated-gelu", tie_word_embeddings=False, initializer_factor=0.2
    ),
    "bart": lambda: _bart(BartForConditionalGeneration, BartConfig, bytelevel(True)),
    "mbart": lambda: _bart(MBartForConditionalGeneration, MBartConfig, languages(), scale_embedding=True),
}
