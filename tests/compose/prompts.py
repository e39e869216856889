"""Prompts to put together."""

from __future__ import annotations

from typing import Any

from promptsearch.artefact import PLMRecord, PromptDocument, VerbalizerRecord
from promptsearch.prompt import Prompt
from promptsearch.verbalizer import Verbalizer

WORDS = Verbalizer.of({"no": ["bad", "terrible"], "yes": "good"}, ["no", "yes"])
OTHER = Verbalizer.of({"no": "dull", "yes": "great"}, ["no", "yes"])
PAIR = ("{text_a}? {mask}, {text_b}", "{text_b} {mask} {text_a}")


def document(
    template: str = "{text} It was {mask}.",
    words: Verbalizer = WORDS,
    reference: str = "minilm-mlm",
    **parts: Any,
) -> PromptDocument:
    return PromptDocument(
        template=template,
        verbalizer=VerbalizerRecord.from_verbalizer(words),
        plm=PLMRecord(reference=reference, family="masked", weights_sha256=parts.pop("sha256", None)),
        **parts,
    )


def two(plm: Any = None) -> tuple[Prompt, Prompt]:
    """Prompts of other templates and words."""
    documents = document(), document("{mask} film: {text}", OTHER)
    return Prompt(documents[0], "cpu", _plm=plm), Prompt(documents[1], "cpu", _plm=plm)
