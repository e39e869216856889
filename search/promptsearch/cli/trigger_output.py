"""What commands print of a search of triggers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from promptsearch.study.result import Discovery


def trigger_sentences(found: Discovery) -> Iterator[str]:
    """How triggers were searched on each PLM."""
    from promptsearch.report.trigger_courses import course_of
    from promptsearch.report.trigger_words import account

    for search in found.triggers:
        yield account(course_of(search, found.task.label_names))
