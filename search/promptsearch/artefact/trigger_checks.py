"""What must hold of the trigger of a prompt file beyond the types of its fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from promptsearch.artefact.checks import mistake, refuse, shown
from promptsearch.errors import TemplateError
from promptsearch.template import Template, Trigger

if TYPE_CHECKING:
    from promptsearch.artefact.models import PromptDocument


def check_trigger_template(source: str) -> str:
    """A template that can be read and has places for trigger tokens."""
    try:
        template = Template.parse(source)
    except TemplateError as error:
        raise mistake(str(error).replace("\n", "\n    ")) from None
    if not _places(template):
        raise mistake("has no places for trigger tokens, such as {trigger*3}")
    return source


def check_trigger(document: PromptDocument) -> PromptDocument:
    """The prompt's template is the one with free places, with the tokens or their text put into these."""
    refuse(_problems(document))
    return document


def _problems(document: PromptDocument) -> Iterator[tuple[str, str]]:
    record = document.trigger
    if record is None:
        return
    free = Template.parse(record.template)
    places, found = _places(free), [len(group.ids) for group in record.groups]
    if places != found:
        has, needs = " and ".join(map(str, found)), " and ".join(map(str, places))
        yield "trigger.groups", f"{has} tokens for places of {needs}"
        return
    filled = free.with_words([group.text for group in record.groups])
    exact = free.with_tokens([group.ids for group in record.groups])
    if document.to_template() not in (filled, exact):
        yield "trigger", f"gives the template {shown(str(filled))}, which is not that of the prompt"


def _places(template: Template) -> list[int]:
    """How many tokens each place holds."""
    return [piece.count for piece in template.pieces if isinstance(piece, Trigger)]
