"""How changes of a prompt's wording are shown, of which some are blanks alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from promptsearch.report.document import Variation

BLANK = "␣"
"""A blank that would not be seen."""
_UNSEEN = re.compile(r" {2,}|^ | $", re.MULTILINE)


def visible_blanks(text: str) -> str:
    """The text with `BLANK` for blanks that stand together, or at the start or end of a line."""
    return _UNSEEN.sub(lambda blanks: BLANK * len(blanks[0]), text)


def about_rewordings(variations: Sequence[Variation]) -> str:
    """What the table of changes shows."""
    told = "The best prompt under small changes of its wording, on dev."
    if any(visible_blanks(each.template) != each.template for each in variations):
        told += f" {BLANK} is a blank that would not be seen."
    return told
