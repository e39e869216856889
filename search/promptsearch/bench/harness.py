"""lm-evaluation-harness: this environment's own, or one that is made for it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from promptsearch.bench.environments import Environment

VERSION = "0.4.13"
ENVIRONMENT = Environment("lm-eval", VERSION, f"lm-eval[hf]=={VERSION}")


def lm_eval_python(offline: bool = False, progress: Callable[[str], None] | None = None) -> Path:
    """An interpreter that has lm-eval.

    Raises:
        ContenderError: lm-eval is not there and cannot be installed.
    """
    return Path(sys.executable) if _installed_here() else ENVIRONMENT.python(offline, progress)


def _installed_here() -> bool:
    try:
        return version("lm_eval") == VERSION
    except PackageNotFoundError:
        return False
