"""Prompts with free places as token ids, and tokens found for those places as text again.

A trigger's text is what stands in the prompt where its tokens are read. It survives when the whole prompt
with that text becomes the same ids as with the tokens put there.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from promptsearch.errors import TemplateError
from promptsearch.pieces import quoted
from promptsearch.plms.encoding import LaidOut, PromptEncoder
from promptsearch.plms.free import FreePrompts, IntArray
from promptsearch.plms.runs import Ids, Run, parts_of, places_of, runs_of
from promptsearch.plms.texts import ANCHOR
from promptsearch.tasks.task import Example
from promptsearch.template import Soft, Template, Tokens, Trigger

# Stands for the answer where prompts are compared; no token has this id.
_SLOT = [-1]


def free_prompts(
    encoder: PromptEncoder, template: Template, examples: Sequence[Example], read_right: bool
) -> FreePrompts:
    """The prompts of examples under a template with free places.

    Args:
        read_right: whether the PLM reads text after the slot; if not, the ids end before the answer.

    Raises:
        TemplateError: there is no free place, or what the template holds itself exceeds the context.
    """
    if not template.has_free_slots:
        raise TemplateError(
            "the template has no tokens to be found",
            where=quoted(str(template)),
            hint="Add {trigger*3} or {soft*5} where they belong.",
        )
    encoder.check_ids(template)
    laid_out = encoder.lay_out([(template, example) for example in examples], read_right=read_right)
    suffix = encoder.suffix_ids if read_right else []
    slot = [encoder.mask_id if encoder.mask_id is not None else encoder.hole] if read_right else []
    ids = [(*encoder.prefix_ids, *_flat(prompt, slot), *suffix) for prompt in laid_out]
    free = [_positions(template, prompt, (Soft, Trigger), len(slot)) for prompt in laid_out]
    # Without a slot the answer is read at the token before it.
    answer = [sum(map(len, prompt.left)) - (not read_right) for prompt in laid_out]
    places = zip(places_of(template), encoder.place_ids(template))
    groups = tuple(len(place_ids) for place, place_ids in places if isinstance(place, Soft | Trigger))
    start = len(encoder.prefix_ids)
    return FreePrompts(
        tuple(ids),
        np.asarray(free, dtype=np.int64).reshape(len(ids), sum(groups)) + start,
        np.asarray(answer, dtype=np.int64) + start,
        groups,
        np.asarray([prompt.shortened for prompt in laid_out], dtype=np.bool_),
        encoder.hole,
    )


def _flat(prompt: LaidOut, slot: Ids) -> Ids:
    return [*chain(*prompt.left), *slot, *chain(*prompt.right)]


def _positions(template: Template, prompt: LaidOut, kinds: tuple[type, ...], slot: int) -> list[int]:
    """Where the tokens of such places stand in `_flat` ids with so many tokens in the slot."""
    positions: list[int] = []
    start = 0
    for pieces, runs in ((template.left, prompt.left), (template.right, prompt.right)):
        for part, ids in zip(parts_of(pieces), runs):
            if isinstance(part, kinds):
                positions += range(start, start + len(ids))
            start += len(ids)
        start += slot
    return positions


def trigger_texts(encoder: PromptEncoder, template: Template, fillings: Sequence[Ids]) -> list[list[str]]:
    """For each filling of the template's trigger slots the text of each slot.

    Decoded after what stands left of it, with its blanks; a field there counts as an unspaced letter.
    """
    bounds = np.cumsum([0, *(piece.count for piece in template.pieces if isinstance(piece, Trigger))])
    slots = iter(pairwise(bounds.tolist()))
    before: list[Ids] = [[] for _ in fillings]
    texts: list[list[str]] = [[] for _ in fillings]
    for ids in _surroundings(encoder, template):
        if ids is not None:
            before = [[*left, *ids] for left in before]
            continue
        start, end = next(slots)
        whole = [[*left, *filling[start:end]] for left, filling in zip(before, fillings)]
        for found, text in zip(texts, _continuations(encoder, before, whole)):
            found.append(text)
        before = whole
    return texts


def _surroundings(encoder: PromptEncoder, template: Template) -> list[Ids | None]:
    """The template's own tokens in order, None for each trigger slot."""
    letters = dict.fromkeys(template.fields, ANCHOR)
    left = runs_of(parts_of(template.left), letters, right=False)
    right = runs_of(parts_of(template.right), letters, right=True)
    # Another token follows soft tokens, and the slot, as it follows a letter.
    letter = Run(ANCHOR, (), follows=False)
    runs = [letter if isinstance(run, Soft) else run for run in (*left, letter, *right)]
    encoded = iter(encoder.encode_runs([run for run in runs if isinstance(run, Run)]))
    given = {run: list(run.ids) for run in runs if isinstance(run, Tokens)}
    return [next(encoded)[0] if isinstance(run, Run) else given.get(run) for run in runs]


def _continuations(encoder: PromptEncoder, before: Sequence[Ids], whole: Sequence[Ids]) -> list[str]:
    """What text each whole has more than what stands before; its own text where that one changes."""
    alone = [ids[len(left) :] for left, ids in zip(before, whole)]
    starts, texts, own = (encoder.texts.decode(ids) for ids in (before, whole, alone))
    return [
        text[len(start) :] if text.startswith(start) else by_itself
        for start, text, by_itself in zip(starts, texts, own)
    ]


def surviving(
    encoder: PromptEncoder,
    template: Template,
    fillings: IntArray,
    examples: Sequence[Example],
    read_right: bool,
) -> NDArray[np.bool_]:
    """Which fillings of the trigger slots survive as text: (c,), true if so with every example.

    Args:
        fillings: (c, m) token ids.
    """
    chosen = [[int(token) for token in filling] for filling in fillings]
    if not chosen or not examples:
        return np.ones(len(chosen), dtype=np.bool_)
    texts = trigger_texts(encoder, template, chosen)
    worded = [template.with_words(text) for text in texts]
    prompts = [(words, example) for words in worded for example in examples]
    found = iter(encoder.lay_out(prompts, read_right=read_right))
    expected = encoder.lay_out([(template, example) for example in examples], read_right=read_right)
    free = [(_flat(prompt, _SLOT), _positions(template, prompt, (Trigger,), 1)) for prompt in expected]
    # All examples of a filling are compared, so that `found` stays in step.
    same = [[_flat(next(found), _SLOT) == _filled(*prompt, ids) for prompt in free] for ids in chosen]
    return np.array([all(of_filling) for of_filling in same], dtype=np.bool_)


def _filled(ids: Ids, positions: Sequence[int], filling: Ids) -> Ids:
    filled = list(ids)
    for position, token in zip(positions, filling, strict=True):
        filled[position] = token
    return filled
