"""How a prompt stands on an encoder and a decoder, as the PLM was trained to fill in what is missing.

- *Span corruption* (T5, Raffel et al. 2020, section 3.1.4): the encoder reads a sentinel in place of what is
  missing, the decoder writes the sentinel and then what stood there.
- *Text infilling* (BART, Lewis et al. 2020, section 2.2): the encoder reads a mask token there, the decoder
  writes the whole text, so that the answer comes behind all that stands left of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from promptsearch.errors import PLMError
from promptsearch.plms.runs import Ids

_SENTINELS = "<extra_id_0>", "<extra_id_1>"


@dataclass(frozen=True)
class Layout:
    """Where a PLM reads the slot and where it writes the answer.

    Attributes:
        start: the id with which its decoder begins.
        slot: the id that stands at the slot for the encoder, a sentinel or a mask.
        second_slot: the id that stands at another gap of the same text.
        copies: whether the decoder writes the text left of the slot first (BART), or the sentinel (T5).
    """

    start: int
    slot: int
    second_slot: int
    copies: bool

    def opening(self, left: Sequence[int]) -> Ids:
        """What the decoder has read when the answer's first token comes.

        Args:
            left: the encoder's ids before the gap, with those that start every text.
        """
        return [self.start, *left] if self.copies else [self.start, self.slot]


def layout_of(model: Any, tokenizer: Any, reference: str) -> Layout:
    """The layout of an encoder-decoder, by the tokens that its tokenizer knows.

    Raises:
        PLMError: there is neither a sentinel nor a mask, or no token with which the decoder begins.
    """
    sentinels = [_token(tokenizer, text) for text in _SENTINELS]
    slot = sentinels[0] if sentinels[0] is not None else tokenizer.mask_token_id
    if slot is None:
        raise PLMError(
            f"{reference} has neither sentinels (<extra_id_0>, as T5) nor a mask token (as BART)",
            hint="It was not trained to fill in what is missing. Take a T5, mT5, FLAN-T5, BART or mBART.",
        )
    start = _start(model, tokenizer)
    if start is None:
        raise PLMError(
            f"the config of {reference} does not say with which token its decoder begins",
            hint="Add decoder_start_token_id to its config.json.",
        )
    second = sentinels[1] if sentinels[0] is not None else slot
    return Layout(start, slot, slot if second is None else second, copies=sentinels[0] is None)


def _token(tokenizer: Any, text: str) -> int | None:
    """The id of a text that the tokenizer knows as one token, whether or not it calls it a special one."""
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    found = ids[0] if len(ids) == 1 else tokenizer.get_vocab().get(text)
    return None if found == tokenizer.unk_token_id else found


def _start(model: Any, tokenizer: Any) -> int | None:
    """With which token the decoder begins: as the config says, else as the family does.

    T5 begins with its padding. The decoders of mBART and PLBart begin with the last token that their
    tokenizers put behind a text, the language's.
    """
    stated = (
        getattr(model.config, "decoder_start_token_id", None),
        getattr(getattr(model, "generation_config", None), "decoder_start_token_id", None),
    )
    for token in stated:
        if token is not None:
            return int(token)
    if model.config.model_type in ("mbart", "plbart"):
        last = tokenizer("a")["input_ids"][-1]
        return int(last) if last in tokenizer.all_special_ids else None
    pad = getattr(model.config, "pad_token_id", None)
    return tokenizer.pad_token_id if pad is None else int(pad)
