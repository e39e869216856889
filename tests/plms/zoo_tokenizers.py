"""Tokenizers of different kinds, trained on a few sentences."""

from __future__ import annotations

import json
from functools import cache

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AddedToken, PreTrainedTokenizerFast

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
