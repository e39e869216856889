"""What hand-written templates say right before the slot."""

from __future__ import annotations

from promptsearch.engines.manual.engine import library_for
from promptsearch.tasks.task import Task
from promptsearch.template import Text

# Each is read on all of train; the library's first templates are its best.
_MOST = 12


def lead_ins(task: Task, family: str) -> list[str]:
    """Texts before the slot of the library's templates for a task, such as `It was`, in the library's order.

    What closes a quotation is no part of them.
    """
    found: dict[str, None] = {}
    for template in dict.fromkeys(candidate.template for candidate in library_for(task, family)):
        before = template.pieces[template.slot - 1] if template.slot else None
        if isinstance(before, Text) and (text := before.text.lstrip("\"'”» \n").rstrip()):
            found.setdefault(text)
    return list(found)[:_MOST]
