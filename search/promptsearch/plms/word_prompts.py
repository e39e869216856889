"""Prompts of words alone as token ids, for those who train what reads them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from promptsearch.plms.encoding import PromptEncoder
from promptsearch.plms.free import FreePrompts
from promptsearch.tasks.task import Example
from promptsearch.template import Template


def word_prompts(
    encoder: PromptEncoder, template: Template, examples: Sequence[Example], read_right: bool
) -> FreePrompts:
    """The prompts of examples under a template without free places.

    Args:
        read_right: whether the PLM reads text after the slot; if not, the ids end before the answer.

    Raises:
        TemplateError: it has free places, or its own words exceed the context.
    """
    encoder.check_template(template)
    encoded = encoder.encode(template, examples, read_right=read_right)
    slot = [encoder.mask_id if encoder.mask_id is not None else encoder.hole] if read_right else []
    ids = tuple((*left, *slot, *right) for left, right in zip(encoded.left, encoded.right))
    if not read_right:
        ids = tuple(map(tuple, encoded.left))
    answer = [len(left) - (not read_right) for left in encoded.left]
    return FreePrompts(
        ids,
        np.zeros((len(ids), 0), dtype=np.int64),
        np.asarray(answer, dtype=np.int64),
        (),
        encoded.shortened,
        encoder.hole,
    )
