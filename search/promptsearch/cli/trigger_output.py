"""What commands print of a search of triggers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from promptsearch.study.result import Discovery


def trigger_sentences(found: Discovery) -> Iterator[str]:
    """How triggers were searched on each PLM, and where none of them was chosen."""
    from promptsearch.report.trigger_courses import course_of
    from promptsearch.report.trigger_words import account

    for search in found.triggers:
        yield account(course_of(search, found.task.label_names))
    if found.triggers and found.best.trial.candidate.engine != "trigger":
        yield "No trigger does better on dev than the best of the other prompts, shown above."
