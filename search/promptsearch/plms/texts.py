"""Plain text to token ids and back, whatever kind of tokenizer it is.

Tokenizers differ at word boundaries: byte-level BPE keeps the blank in the token after it, WordPiece drops
it, SentencePiece marks the start of a text. Nothing here asks for a tokenizer's class.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from promptsearch.errors import PLMError
from promptsearch.plms.runs import Ids, Offsets

Encoded = tuple[Ids, Offsets]

# Stands before a text whose first token must not be treated as the start of a document.
ANCHOR = "a"


class TextEncoder:
    """Encodes texts in which nothing is read as a special token.

    Args:
        tokenizer: a transformers tokenizer that gives character offsets.

    Raises:
        PLMError: it gives none.
    """

    def __init__(self, tokenizer: Any) -> None:
        if not getattr(tokenizer, "is_fast", False):
            raise PLMError(
                f"the tokenizer {type(tokenizer).__name__} gives no character offsets",
                hint="Take a model whose folder holds a tokenizer.json.",
            )
        self._tokenizer = tokenizer
        # A warning about long texts would be wrong here: fields are shortened elsewhere.
        tokenizer.model_max_length = int(1e30)
        self._unknown: int | None = tokenizer.unk_token_id
        self._markers = _marker_ids(tokenizer)

    def hide(self, tokens: Iterable[int]) -> None:
        """Have no text become these tokens, as none becomes a special token."""
        self._markers |= frozenset(tokens)

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Ids and character offsets of each text."""
        if not texts:
            return []
        encoded = self._tokenizer(
            list(texts),
            add_special_tokens=False,
            truncation=False,
            padding=False,
            return_offsets_mapping=True,
            return_attention_mask=False,
            return_token_type_ids=False,
            split_special_tokens=True,
        )
        return [
            self._without_markers(ids, offsets)
            for ids, offsets in zip(encoded["input_ids"], encoded["offset_mapping"])
        ]

    def _without_markers(self, ids: Ids, offsets: Offsets) -> Encoded:
        """A text that spells a special token is text: the token becomes the unknown one, or goes.

        Unigram vocabularies hold `</s>` and the like as words of their own, which splitting leaves whole.
        """
        if self._markers.isdisjoint(ids):
            return ids, offsets
        shown = [(self._unknown if token in self._markers else token, at) for token, at in zip(ids, offsets)]
        kept = [(token, at) for token, at in shown if token is not None]
        return [token for token, _ in kept], [at for _, at in kept]

    def encode_following(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode texts that follow something: not as the start of a document."""
        return self.encode_after(ANCHOR, texts)

    def encode_after(self, context: str, texts: Sequence[str]) -> list[Encoded]:
        """Each text as it stands after some other text; offsets count from its own start."""
        wholes = self.encode([context + text for text in texts])
        return [self._after(context, text, encoded) for text, encoded in zip(texts, wholes)]

    def _after(self, context: str, text: str, encoded: Encoded) -> Encoded:
        """The part of `encoded` (of context + text) that is `text`."""
        ids, offsets = encoded
        cut = len(context)
        for i, (start, end) in enumerate(offsets):
            if start >= cut:
                return list(ids[i:]), [(a - cut, b - cut) for a, b in offsets[i:]]
            if end > cut:
                # A token reaches over the boundary, so the text has no ids of its own here.
                break
        return self.encode([text])[0] if text else ([], [])

    def decode(self, sequences: Sequence[Ids]) -> list[str]:
        """The text of each sequence, with the blanks that its tokens bring."""
        return self._tokenizer.batch_decode(list(sequences), clean_up_tokenization_spaces=False)

    def token_texts(self, after: str = "") -> tuple[str, ...]:
        """The text of each token by itself, or where it follows `after`; special tokens have none."""
        before = self.encode([after])[0][0] if after else []
        texts = self.decode([[*before, token] for token in range(len(self._tokenizer))])
        special = self._markers
        return tuple("" if token in special else text[len(after) :] for token, text in enumerate(texts))

    def special_ids(self) -> tuple[Ids, Ids]:
        """Ids the tokenizer puts before and after every text."""
        plain = self.encode([ANCHOR])[0][0]
        encoded = self._tokenizer(ANCHOR, add_special_tokens=True, truncation=False, padding=False)
        full = list(encoded["input_ids"])
        for start in range(len(full) - len(plain) + 1):
            if full[start : start + len(plain)] == plain:
                return full[:start], full[start + len(plain) :]
        return [], []

    def ordinary_id(self) -> int:
        """A token that no model treats in its own way, as it may padding or masks."""
        special = {*self._tokenizer.all_special_ids}
        return next((token for token in range(len(self._tokenizer)) if token not in special), 0)


def _marker_ids(tokenizer: Any) -> frozenset[int]:
    """Special tokens that stand for no text. A lone character may be declared one (padding as `!`)."""
    special = zip(tokenizer.all_special_tokens, tokenizer.all_special_ids)
    return frozenset(i for token, i in special if len(str(token)) > 2 and i != tokenizer.unk_token_id)
