"""The text of a dependency path as one string, for the `Key` that it is counted under."""

from __future__ import annotations

# Blanks in the texts of keys are spaces, so a tab cannot be part of one.
_JOINT = "\t"


def joined_text(left: str, middle: str, right: str) -> str:
    """The three parts as one text."""
    return _JOINT.join((left, middle, right))


def split_text(text: str) -> tuple[str, str, str]:
    """Left, middle and right of what `joined_text` gave."""
    left, middle, right = text.split(_JOINT)
    return left, middle, right


def is_path(text: str) -> bool:
    """Whether the text of a `Key` is that of a path, and not the words between two names."""
    return _JOINT in text
