"""When there is nothing to conclude from, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from promptsearch.errors import PromptSearchError
from promptsearch.study.going_on import resume_command
from promptsearch.study.search import Search


def check_tried(search: Search, unavailable: Sequence[str]) -> None:
    """Refuse to conclude from nothing.

    Args:
        unavailable: why PLMs could not be had.

    Raises:
        PromptSearchError: nothing was tried, and why.
    """
    if search.trials:
        return
    if search.left_out:
        raise next(iter(search.left_out.values()))
    if search.clock.over and not search.rejected:
        raise PromptSearchError(
            "the time was over before anything could be tried", hint="Give more --minutes."
        )
    reasons = [*unavailable, *dict.fromkeys(item.reason for item in search.rejected)]
    raise PromptSearchError(
        "no candidate could be tried",
        where="\n".join(reasons[:3]) or None,
        hint="Give templates and label words that fit the task and the PLM.",
    )


def check_needed(search: Search, folder: Path, command: str = "") -> None:
    """Refuse to conclude where an engine had no turn that the search is all about.

    Raises:
        PromptSearchError: naming it.
    """
    tried = {trial.candidate.engine for trial in search.trials}
    for name in search.needed:
        if name not in tried:
            raise PromptSearchError(
                f"no time was left for the engine {name}: the search took {search.clock.seconds:.0f} s",
                where=str(folder),
                hint=f"Go on: {resume_command(folder, command)} with more --minutes.",
            )
