"""The command that goes on with a run."""

from __future__ import annotations

import shlex
from pathlib import Path

_OWN = ("trigger", "tune")
"""Commands that go on with what they began; `discover` goes on with every other run."""


def resume_command(folder: Path, begun_with: object = None) -> str:
    """The command that goes on with the run in a folder.

    Args:
        begun_with: the command that began it, as its config has it, if that is known.
    """
    command, *_ = str(begun_with or "").split()[1:2] or [""]
    own = command if command in _OWN else "discover"
    return f"promptsearch {own} --resume {shlex.quote(str(folder))}"
