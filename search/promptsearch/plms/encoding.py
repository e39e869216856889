"""The one place that turns templates, field values and label words into token ids.

Tokenizers differ at word boundaries: byte-level BPE keeps the blank in the token after it, WordPiece drops
it, SentencePiece marks the start of a text. Nothing here asks for a tokenizer's class. The text on each
side of the answer slot is encoded as one string, so ids are those of the whole prompt, and the tokens of a
field are found by their character offsets when a field has to be shortened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptsearch.errors import PLMError, TemplateError, VerbalizerError
from promptsearch.tasks.task import Example
from promptsearch.template import Field, Piece, Template, Text

Ids = list[int]
Offsets = Sequence[tuple[int, int]]
Span = tuple[int, int]

# Stands before a text whose first token must not be treated as the start of a document.
_ANCHOR = "a"


@dataclass(frozen=True)
class EncodedPrompts:
    """n prompts as token ids, without the slot itself.

    Attributes:
        left, right: ids before and after the slot, special tokens included.
        shortened: (n,) bool, whether a field was cut.
    """

    left: list[Ids]
    right: list[Ids]
    shortened: NDArray[np.bool_]


@dataclass(frozen=True)
class _Rendered:
    """One side of the slot as a string, with the character spans that come from fields."""

    text: str
    spans: tuple[Span, ...]


class PromptEncoder:
    """Encodes prompts for one tokenizer.

    Args:
        tokenizer: a transformers tokenizer that gives character offsets.
        max_tokens: context of the PLM, in tokens.
        start_fallback: id that starts a prompt which would otherwise have no token at all.
    """

    def __init__(self, tokenizer: Any, max_tokens: int, start_fallback: int | None = None) -> None:
        if not getattr(tokenizer, "is_fast", False):
            raise PLMError(
                f"the tokenizer {type(tokenizer).__name__} gives no character offsets",
                hint="Take a model whose folder holds a tokenizer.json.",
            )
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        self.mask_id: int | None = tokenizer.mask_token_id
        self.unknown_id: int | None = tokenizer.unk_token_id
        # A warning about long texts would be wrong here: they are shortened below.
        tokenizer.model_max_length = int(1e30)
        self._markers = _marker_ids(tokenizer)
        self.prefix_ids, self.suffix_ids = self._special_ids()
        self._start_fallback = start_fallback

    def _special_ids(self) -> tuple[Ids, Ids]:
        """Ids the tokenizer puts before and after every text."""
        plain = self._encode([_ANCHOR])[0][0]
        full = list(
            self.tokenizer(_ANCHOR, add_special_tokens=True, truncation=False, padding=False)["input_ids"]
        )
        for start in range(len(full) - len(plain) + 1):
            if full[start : start + len(plain)] == plain:
                return full[:start], full[start + len(plain) :]
        return [], []

    def _encode(self, texts: Sequence[str]) -> list[tuple[Ids, Offsets]]:
        """Ids and character offsets of each text; nothing in it is read as a special token."""
        if not texts:
            return []
        encoded = self.tokenizer(
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

    def _without_markers(self, ids: Ids, offsets: Offsets) -> tuple[Ids, Offsets]:
        """A text that spells a special token is text: the token becomes the unknown one, or goes.

        Unigram vocabularies hold `</s>` and the like as words of their own, which splitting leaves whole.
        """
        if self._markers.isdisjoint(ids):
            return ids, offsets
        shown = [
            (self.unknown_id if token in self._markers else token, at) for token, at in zip(ids, offsets)
        ]
        kept = [(token, at) for token, at in shown if token is not None]
        return [token for token, _ in kept], [at for _, at in kept]

    def token_texts(self, after: str = "") -> tuple[str, ...]:
        """The text of each token by itself, or where it follows `after`; special tokens have none."""
        before = self._encode([after])[0][0] if after else []
        ids = [[*before, token] for token in range(len(self.tokenizer))]
        texts = self.tokenizer.batch_decode(ids, clean_up_tokenization_spaces=False)
        special = self._markers
        return tuple("" if token in special else text[len(after) :] for token, text in enumerate(texts))

    def check_template(self, template: Template) -> None:
        """Refuse a template that cannot be encoded.

        Raises:
            TemplateError: it has slots still to be found.
        """
        if template.has_free_slots:
            raise TemplateError(
                "the template still has soft or trigger tokens to be found",
                where=str(template),
                hint="Give words instead, or let a search engine fill them.",
            )

    def encode(
        self, template: Template, examples: Sequence[Example], slot_tokens: int = 1, read_right: bool = True
    ) -> EncodedPrompts:
        """Token ids of the template filled with each example.

        Args:
            slot_tokens: room kept for the answer.
            read_right: whether text after the slot is used (a causal PLM has none).

        Raises:
            TemplateError: the template's own words exceed the context.
        """
        lefts = [_render(template.left, example.values) for example in examples]
        lefts = [_Rendered(side.text.rstrip(" "), side.spans) for side in lefts]
        left = self._encode([side.text for side in lefts])
        if read_right and template.right:
            rights = [_render(template.right, example.values) for example in examples]
            right = self._encode_after_slot([side.text for side in rights])
        else:
            rights = [_Rendered("", ())] * len(examples)
            right = [([], [])] * len(examples)
        room = (
            self.max_tokens - slot_tokens - len(self.prefix_ids) - len(self.suffix_ids if read_right else ())
        )
        shortened = np.zeros(len(examples), dtype=np.bool_)
        lefts_out: list[Ids] = []
        rights_out: list[Ids] = []
        for i, ((left_ids, left_at), (right_ids, right_at)) in enumerate(zip(left, right)):
            if len(left_ids) + len(right_ids) > room:
                owners = _owners(left_at, lefts[i].spans, 0) + _owners(
                    right_at, rights[i].spans, len(lefts[i].spans)
                )
                keep = _keep(owners, room, template)
                kept_left, kept_right = keep[: len(left_ids)], keep[len(left_ids) :]
                left_ids = [token for token, kept in zip(left_ids, kept_left) if kept]
                right_ids = [token for token, kept in zip(right_ids, kept_right) if kept]
                shortened[i] = True
            ids = self.prefix_ids + left_ids
            if not ids and not read_right and self._start_fallback is not None:
                ids = [self._start_fallback]
            lefts_out.append(ids)
            rights_out.append(right_ids + (self.suffix_ids if read_right else []))
        return EncodedPrompts(lefts_out, rights_out, shortened)

    def _encode_after_slot(self, texts: Sequence[str]) -> list[tuple[Ids, Offsets]]:
        """Encode texts that follow the slot: not as the start of a document."""
        return [
            self._after(_ANCHOR, text, encoded)
            for text, encoded in zip(texts, self._encode([_ANCHOR + text for text in texts]))
        ]

    def _after(self, context: str, text: str, encoded: tuple[Ids, Offsets]) -> tuple[Ids, Offsets]:
        """The part of `encoded` (of context + text) that is `text`, offsets counted from its start."""
        ids, offsets = encoded
        cut = len(context)
        for i, (start, end) in enumerate(offsets):
            if start >= cut:
                return list(ids[i:]), [(a - cut, b - cut) for a, b in offsets[i:]]
            if end > cut:
                # A token reaches over the boundary, so the text has no ids of its own here.
                break
        return self._encode([text])[0] if text else ([], [])

    def word_ids(self, template: Template, words: Sequence[str]) -> list[Ids]:
        """Token ids of each word as it stands in the template's slot: spaced or not as the slot is.

        Raises:
            VerbalizerError: a word is unknown to the tokenizer, or has no token.
        """
        found = self._slot_ids(template, words)
        for word, ids in zip(words, found):
            if not ids:
                raise VerbalizerError(f"the answer {word!r} has no token in this PLM's vocabulary")
            if self.unknown_id is not None and self.unknown_id in ids:
                raise VerbalizerError(
                    f"the answer {word!r} holds characters this PLM's tokenizer does not know",
                    hint="Take another word, or a PLM whose vocabulary covers it.",
                )
        return found

    def spelled_ids(self, template: Template, words: Sequence[str]) -> list[Ids | None]:
        """`word_ids`, with None for a word that has no token or is unknown to the tokenizer."""
        unknown = {self.unknown_id} - {None}
        return [ids if ids and unknown.isdisjoint(ids) else None for ids in self._slot_ids(template, words)]

    def _slot_ids(self, template: Template, words: Sequence[str]) -> list[Ids]:
        context = _context_before(template)
        blank = " " if context.endswith(" ") else ""
        context = context.rstrip(" ")
        texts = [context + (blank if context else "") + word for word in words]
        return [
            self._after(context, text[len(context) :], encoded)[0]
            for text, encoded in zip(texts, self._encode(texts))
        ]


def _marker_ids(tokenizer: Any) -> frozenset[int]:
    """Special tokens that stand for no text. A lone character may be declared one (padding as `!`)."""
    special = zip(tokenizer.all_special_tokens, tokenizer.all_special_ids)
    return frozenset(i for token, i in special if len(str(token)) > 2 and i != tokenizer.unk_token_id)


def _context_before(template: Template) -> str:
    """The template's own text right before the slot; a field there counts as an unspaced letter."""
    if not template.left:
        return ""
    last = template.left[-1]
    if not isinstance(last, Text):
        return _ANCHOR
    before = _ANCHOR if len(template.left) > 1 and not last.text.strip() else ""
    return before + last.text


def _render(pieces: Sequence[Piece], values: Mapping[str, str]) -> _Rendered:
    parts: list[str] = []
    spans: list[Span] = []
    at = 0
    for piece in pieces:
        text = values[piece.name].strip() if isinstance(piece, Field) else getattr(piece, "text", "")
        if isinstance(piece, Field):
            spans.append((at, at + len(text)))
        parts.append(text)
        at += len(text)
    return _Rendered("".join(parts), tuple(spans))


def _owners(offsets: Offsets, spans: Sequence[Span], first: int) -> list[int]:
    """For each token the number of the field span it starts in (counted from `first`), or -1."""
    owners: list[int] = []
    for start, _ in offsets:
        owner = next((i for i, (a, b) in enumerate(spans) if a <= start < b), None)
        owners.append(-1 if owner is None else first + owner)
    return owners


def _keep(owners: Sequence[int], room: int, template: Template) -> list[bool]:
    """Which tokens stay: all of the template's, and the head of each field, the longest cut first."""
    counts = np.bincount([owner for owner in owners if owner >= 0] or [0], minlength=1)
    fixed = sum(owner < 0 for owner in owners)
    if fixed > room:
        raise TemplateError(
            f"the template's own words take {fixed} tokens, but the PLM has room for {max(room, 0)}",
            where=str(template),
            hint="Shorten the template, or take a PLM with a longer context.",
        )
    left = water_level(counts, room - fixed)
    keep: list[bool] = []
    for owner in owners:
        if owner < 0:
            keep.append(True)
        else:
            keep.append(bool(left[owner] > 0))
            left[owner] -= 1
    return keep


def water_level(counts: NDArray[np.int_], room: int) -> NDArray[np.int_]:
    """Cut the largest counts down until the sum is `room`: equal heights, earlier fields get the rest."""
    if counts.sum() <= room:
        return counts.copy()
    low, high = 0, int(counts.max())
    while low < high:
        middle = (low + high + 1) // 2
        if np.minimum(counts, middle).sum() <= room:
            low = middle
        else:
            high = middle - 1
    kept = np.minimum(counts, low)
    for i in np.flatnonzero(counts > low)[: room - int(kept.sum())]:
        kept[i] += 1
    return kept
