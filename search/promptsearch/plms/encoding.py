"""The one place that turns templates, field values and label words into token ids.

The text between two places of a template is encoded as one string (`promptsearch.plms.texts`), so ids are
those of the whole prompt, and the tokens of a field are found by their character offsets when a field has to
be shortened (`promptsearch.plms.runs`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptsearch.errors import TemplateError, VerbalizerError
from promptsearch.pieces import quoted
from promptsearch.plms.runs import Ids, Offsets, Run, parts_of, places_of, runs_of, shorten
from promptsearch.plms.texts import ANCHOR, TextEncoder
from promptsearch.tasks.task import Example
from promptsearch.template import Piece, Soft, Template, Text, Tokens, Trigger


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
        self.texts = TextEncoder(tokenizer)
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        self.mask_id: int | None = tokenizer.mask_token_id
        self.unknown_id: int | None = tokenizer.unk_token_id
        self.prefix_ids, self.suffix_ids = self.texts.special_ids()
        self.start_fallback = start_fallback
        self.hole = self.texts.ordinary_id()
        # Every search of label words asks for them, and where there are many tokens they take a second.
        self._token_texts: dict[str, tuple[str, ...]] = {}

    def token_texts(self, after: str = "") -> tuple[str, ...]:
        """The text of each token by itself, or where it follows `after`; special tokens have none."""
        if after not in self._token_texts:
            self._token_texts[after] = self.texts.token_texts(after)
        return self._token_texts[after]

    def check_template(self, template: Template) -> None:
        """Refuse a template that cannot be encoded.

        Raises:
            TemplateError: it has slots still to be found, or ids that this tokenizer does not have.
        """
        self.check_ids(template)
        if template.has_free_slots:
            raise TemplateError(
                "the template still has soft or trigger tokens to be found",
                where=quoted(str(template)),
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
                    where=quoted(str(template)),
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
                ids = self._ids_after(template.pieces[:i], [piece.init.strip()])[0]
                if not ids:
                    raise TemplateError(f"the words of {piece} have no token in this PLM's vocabulary")
                found.append(ids)
            elif isinstance(piece, Soft | Trigger):
                found.append(None)
        return found

    def encode_runs(self, runs: Sequence[Run]) -> list[tuple[Ids, Offsets]]:
        """Ids and character offsets of each text."""
        starting = iter(self.texts.encode([run.text for run in runs if not run.follows]))
        following = iter(self.texts.encode_following([run.text for run in runs if run.follows]))
        return [next(following) if run.follows else next(starting) for run in runs]

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
        return self._ids_after(template.left, words)

    def _ids_after(self, before: Sequence[Piece], words: Sequence[str]) -> list[Ids]:
        """Token ids of words as they stand after pieces of a template."""
        context = _context_before(before)
        bare = context.rstrip(" ")
        blank = " " if bare and bare != context else ""
        return [ids for ids, _ in self.texts.encode_after(bare, [blank + word for word in words])]


def _context_before(pieces: Sequence[Piece]) -> str:
    """The template's own text right before a place; a field there counts as an unspaced letter."""
    if not pieces:
        return ""
    last = pieces[-1]
    if not isinstance(last, Text):
        return ANCHOR
    before = ANCHOR if len(pieces) > 1 and not last.text.strip() else ""
    return before + last.text
