"""The command as it was given."""

from __future__ import annotations

import shlex
import sys


def command_line() -> str:
    """The whole command line as reports show it: without the password of a storage."""
    from promptsearch.study.storage import shown

    return shlex.join(["promptsearch", *map(shown, sys.argv[1:])])
