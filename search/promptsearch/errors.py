"""Errors a user can cause.

Each says what was wrong, where, and what would do. The command line prints one of them in a panel and
exits with code 2; anything else that is raised is a fault of the program and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PromptSearchError(Exception):
    """Base of every error that a user's input or surroundings can cause.

    Args:
        message: what was wrong, in one sentence.
        where: the place (file and line, template with a caret, option), if there is one.
        hint: what would do.
    """

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        return "\n".join(part for part in (self.message, self.where, self.hint) if part)


class TemplateError(PromptSearchError):
    """A template that cannot be read, or cannot work for the task or PLM at hand."""


class VerbalizerError(PromptSearchError):
    """Label words that do not fit the labels, or that a PLM cannot spell."""


class PromptFileError(PromptSearchError):
    """A prompt file that is missing, damaged, mistyped or of a newer format."""


class ReportError(PromptSearchError):
    """A report that is missing, damaged or of a newer format."""


class TaskError(PromptSearchError):
    """A task that is unknown or cannot be provided."""


class DataError(PromptSearchError):
    """Data that is missing, unreadable or unfit for the task."""


class PLMError(PromptSearchError):
    """A PLM that is unknown, cannot be fetched, or is not a language model."""


class KnowledgeError(PromptSearchError):
    """A knowledge base or word list that is missing, damaged, or cannot be fetched."""


class OptionError(PromptSearchError):
    """An option whose value cannot be used."""


class TrainingError(PromptSearchError):
    """Training that cannot go on: a loss that is no number."""


class StorageError(PromptSearchError):
    """A file that cannot be written: disk full, no permission, not a folder."""


def near_matches(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Known names that resemble `name`, best first (case is ignored)."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), list(by_lower), n=most, cutoff=0.6)
    return [by_lower[match] for match in close]
