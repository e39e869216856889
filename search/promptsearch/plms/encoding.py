"""The one place that turns templates, field values and label words into token ids.

Tokenizers differ at word boundaries: byte-level BPE keeps the blank in the token after it, WordPiece drops
it, SentencePiece marks the start of a text. Nothing here asks for a tokenizer's class. The text on each
side of the answer slot is encoded as one string, so ids are those of the whole prompt, and the tokens of a
field are found by their character offsets when a field has to be shortened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptsearch.errors import PLMError, TemplateError, VerbalizerError
from promptsearch.plms.runs import Ids, Offsets, Run, parts_of, places_of, runs_of, shorten
from promptsearch.tasks.task import Example
from promptsearch.template import Piece, Soft, Template, Text, Tokens, Trigger

# Stands before a text whose first token must not be treated as the start of a document.
ANCHOR = "a"


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
class LaidOut:
    """One prompt as the ids of its parts (`parts_of` each side of the slot), without special tokens."""

    left: list[Ids]
    right: list[Ids]
    shortened: bool


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
        self.start_fallback = start_fallback
        self.hole = self._hole()

    def _special_ids(self) -> tuple[Ids, Ids]:
        """Ids the tokenizer puts before and after every text."""
        plain = self.encode_texts([ANCHOR])[0][0]
        full = list(
            self.tokenizer(ANCHOR, add_special_tokens=True, truncation=False, padding=False)["input_ids"]
        )
        for start in range(len(full) - len(plain) + 1):
            if full[start : start + len(plain)] == plain:
                return full[:start], full[start + len(plain) :]
        return [], []

    def _hole(self) -> int:
        """An ordinary token, which no model treats in its own way as it may padding or masks."""
        special = {*self.tokenizer.all_special_ids}
        return next((token for token in range(len(self.tokenizer)) if token not in special), 0)

    def encode_texts(self, texts: Sequence[str]) -> list[tuple[Ids, Offsets]]:
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
        before = self.encode_texts([after])[0][0] if after else []
        ids = [[*before, token] for token in range(len(self.tokenizer))]
        texts = self.tokenizer.batch_decode(ids, clean_up_tokenization_spaces=False)
        special = self._markers
        return tuple("" if token in special else text[len(after) :] for token, text in enumerate(texts))

    def check_template(self, template: Template) -> None:
        """Refuse a template that cannot be encoded.

        Raises:
            TemplateError: it has slots still to be found, or ids that this tokenizer does not have.
        """
        self.check_ids(template)
        if template.has_free_slots:
            raise TemplateError(
                "the template still has soft or trigger tokens to be found",
                where=str(template),
                hint="Give words instead, or let a search engine fill them.",
            )

    def check_ids(self, template: Template) -> None:
        """Refuse token ids of another tokenizer.

        Raises:
            TemplateError: an id beyond this tokenizer's vocabulary.
        """
        for piece in template.pieces:
            if isinstance(piece, Tokens) and max(piece.ids) >= len(self.tokenizer):
                raise TemplateError(
                    f"the template has the token id {max(piece.ids)}, but this PLM's tokenizer has only "
                    f"{len(self.tokenizer)} tokens",
                    where=str(template),
                    hint="Ids belong to one PLM; take the one for which they were found.",
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
        self.check_ids(template)
        prompts = [(template, example) for example in examples]
        laid_out = self.lay_out(prompts, slot_tokens, read_right)
        lefts = [self.prefix_ids + [token for ids in prompt.left for token in ids] for prompt in laid_out]
        if not read_right and self.start_fallback is not None:
            lefts = [ids or [self.start_fallback] for ids in lefts]
        suffix = self.suffix_ids if read_right else []
        rights = [[token for ids in prompt.right for token in ids] + suffix for prompt in laid_out]
        return EncodedPrompts(
            lefts, rights, np.array([prompt.shortened for prompt in laid_out], dtype=np.bool_)
        )

    def lay_out(
        self, prompts: Sequence[tuple[Template, Example]], slot_tokens: int = 1, read_right: bool = True
    ) -> list[LaidOut]:
        """Prompts of any templates part by part, fields shortened to fit; free places hold `hole`.

        Raises:
            TemplateError: a template's own words exceed the context.
        """
        parts = {
            template: (parts_of(template.left), parts_of(template.right) if read_right else [])
            for template in dict.fromkeys(template for template, _ in prompts)
        }
        places = {template: self.place_ids(template) for template in parts}
        lefts = [runs_of(parts[template][0], example.values, False) for template, example in prompts]
        rights = [runs_of(parts[template][1], example.values, True) for template, example in prompts]
        both = [left + right for left, right in zip(lefts, rights)]
        encoded = self.encode_runs([run for runs in both for run in runs if isinstance(run, Run)])
        special = len(self.prefix_ids) + (len(self.suffix_ids) if read_right else 0)
        room = self.max_tokens - slot_tokens - special
        texts = iter(encoded)
        laid_out: list[LaidOut] = []
        for (template, _), left, runs in zip(prompts, lefts, both):
            waiting = iter(places[template])
            found = [next(texts) if isinstance(run, Run) else (next(waiting), ()) for run in runs]
            ids = [ids for ids, _ in found]
            if too_long := sum(map(len, ids)) > room:
                ids = shorten(runs, found, room, template)
            laid_out.append(LaidOut(ids[: len(left)], ids[len(left) :], too_long))
        return laid_out

    def place_ids(self, template: Template) -> list[Ids]:
        """The tokens of each place but the slot: those given, and `hole` for those to be found."""
        initial = iter(self.initial_ids(template))
        found: list[Ids] = []
        for place in places_of(template):
            if isinstance(place, Tokens):
                found.append(list(place.ids))
                continue
            words = next(initial)
            count = place.count if words is None else len(words)
            found.append([self.hole] * (count or 0))
        return found

    def initial_ids(self, template: Template) -> list[Ids | None]:
        """For each soft or trigger slot the tokens of the words it starts from, None where it has none.

        Raises:
            TemplateError: words without a token.
        """
        found: list[Ids | None] = []
        for i, piece in enumerate(template.pieces):
            if isinstance(piece, Soft) and piece.init is not None:
                ids = self._ids_in_place(template.pieces[:i], [piece.init.strip()])[0]
                if not ids:
                    raise TemplateError(f"the words of {piece} have no token in this PLM's vocabulary")
                found.append(ids)
            elif isinstance(piece, Soft | Trigger):
                found.append(None)
        return found

    def encode_runs(self, runs: Sequence[Run]) -> list[tuple[Ids, Offsets]]:
        starting = iter(self.encode_texts([run.text for run in runs if not run.follows]))
        following = iter(self._encode_after_slot([run.text for run in runs if run.follows]))
        return [next(following) if run.follows else next(starting) for run in runs]

    def _encode_after_slot(self, texts: Sequence[str]) -> list[tuple[Ids, Offsets]]:
        """Encode texts that follow the slot: not as the start of a document."""
        return [
            self._after(ANCHOR, text, encoded)
            for text, encoded in zip(texts, self.encode_texts([ANCHOR + text for text in texts]))
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
        return self.encode_texts([text])[0] if text else ([], [])

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
        return self._ids_in_place(template.left, words)

    def _ids_in_place(self, before: Sequence[Piece], words: Sequence[str]) -> list[Ids]:
        context = _context_before(before)
        blank = " " if context.endswith(" ") else ""
        context = context.rstrip(" ")
        texts = [context + (blank if context else "") + word for word in words]
        return [
            self._after(context, text[len(context) :], encoded)[0]
            for text, encoded in zip(texts, self.encode_texts(texts))
        ]


def _marker_ids(tokenizer: Any) -> frozenset[int]:
    """Special tokens that stand for no text. A lone character may be declared one (padding as `!`)."""
    special = zip(tokenizer.all_special_tokens, tokenizer.all_special_ids)
    return frozenset(i for token, i in special if len(str(token)) > 2 and i != tokenizer.unk_token_id)


def _context_before(pieces: Sequence[Piece]) -> str:
    """The template's own text right before a place; a field there counts as an unspaced letter."""
    if not pieces:
        return ""
    last = pieces[-1]
    if not isinstance(last, Text):
        return ANCHOR
    before = ANCHOR if len(pieces) > 1 and not last.text.strip() else ""
    return before + last.text
