"""Whether the text of a found trigger still becomes the tokens that were found.

A trigger is token ids of one PLM. A prompt holds their text, which another version of the tokenizer may cut
in another way; then the prompt is not the one that was chosen, and its figures are not its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from promptsearch.errors import PromptFileError, TemplateError
from promptsearch.tasks.task import Example
from promptsearch.template import Template

if TYPE_CHECKING:
    from promptsearch.artefact import PromptDocument
    from promptsearch.plms.base import PLM

_SHOWN = 12
"""Tokens that a message names."""


def letters(template: Template) -> Example:
    """A letter in each field: a trigger that is no word of its own grows onto it."""
    return Example(dict.fromkeys(template.fields, "a"))


def check_trigger_tokens(document: PromptDocument, plm: PLM) -> None:
    """Refuse a prompt whose trigger is other tokens on the PLM than those in the prompt file.

    The whole prompt is compared, with a letter in each field. A template with exact ids (`{ids:…}`) is what
    it was, whatever the tokenizer makes of their text.

    Raises:
        PromptFileError: telling the tokens here and those in the file.
    """
    record = document.trigger
    if record is None:
        return
    template = document.to_template()
    exact = Template.parse(record.template).with_tokens([group.ids for group in record.groups])
    if template == exact:
        return
    try:
        here, stored = _ids(plm, template), _ids(plm, exact)
    except TemplateError as error:
        raise PromptFileError(
            f"the trigger of the prompt is not of this PLM: {error.message}", hint=_HINT
        ) from error
    if here != stored:
        mine, theirs = _different(here, stored)
        texts = ", ".join(repr(group.text) for group in record.groups)
        raise PromptFileError(
            "the text of the prompt's trigger becomes other tokens than those that were found",
            where=f"{texts}: {_listed(mine)} here, {_listed(theirs)} in the prompt file",
            hint=_HINT,
        )


_HINT = (
    "The tokenizer is another than the one that the prompt was found with: take the same revision of the PLM "
    "and the version of transformers that the file names, or search again."
)


def _ids(plm: PLM, template: Template) -> list[int]:
    """Ids of a whole prompt, -1 in the answer slot; none for a PLM that does not run in this process."""
    from promptsearch.plms.local import LocalPLM

    if not isinstance(plm, LocalPLM):
        return []
    encoded = plm.encoder.encode(template, [letters(template)], read_right=plm.identity.reads_right)
    return [*encoded.left[0], -1, *encoded.right[0]]


def _different(first: Sequence[int], second: Sequence[int]) -> tuple[Sequence[int], Sequence[int]]:
    """The parts of two lists between what they begin and end with alike."""
    start = 0
    while start < min(len(first), len(second)) and first[start] == second[start]:
        start += 1
    end = 0
    while end < min(len(first), len(second)) - start and first[-1 - end] == second[-1 - end]:
        end += 1
    return first[start : len(first) - end], second[start : len(second) - end]


def _listed(ids: Sequence[int]) -> str:
    if not ids:
        return "nothing"
    more = " …" if len(ids) > _SHOWN else ""
    return " ".join(map(str, ids[:_SHOWN])) + more
