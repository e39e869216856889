"""Text from data, models and users, made fit to be shown and stored."""

from __future__ import annotations

import re

# Control characters steer a terminal, direction marks reorder what stands around them, and half a
# surrogate pair cannot be written at all.
_UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """The text with whatever a terminal or a page would act upon as U+FFFD; line ends and tabs stay."""
    return _UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def whole_text(text: str) -> str:
    r"""The text with lone surrogates, as JSON escapes (\ud83d) or undecodable bytes leave, as U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def count(number: int, thing: str) -> str:
    """`1 text`, `2 texts`, `1,000 texts`."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")
