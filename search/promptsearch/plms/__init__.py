"""Pretrained language models: adapters for each family, where weights come from, cached answer states."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from promptsearch.plms.base import PLM, AnswerScoring, AnswerStates, PLMIdentity

if TYPE_CHECKING:
    from promptsearch.plms.cache import StateCache
    from promptsearch.plms.loading import load_plm

__all__ = ["PLM", "AnswerScoring", "AnswerStates", "PLMIdentity", "StateCache", "load_plm"]

_LAZY = {"load_plm": "promptsearch.plms.loading", "StateCache": "promptsearch.plms.cache"}


def __getattr__(name: str) -> object:
    # torch takes over a second to import, and much of the package does without it.
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
