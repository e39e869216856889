"""Trigger tokens: discrete prompts searched by gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptsearch.engines.trigger.config import TriggerConfig
from promptsearch.engines.trigger.history import History, Improvement, Restart, Swap

if TYPE_CHECKING:
    from promptsearch.engines.trigger.engine import TriggerEngine

__all__ = ["History", "Improvement", "Restart", "Swap", "TriggerConfig", "TriggerEngine"]


def __getattr__(name: str) -> object:
    # The engine imports torch, which those who only want its options do without.
    if name == "TriggerEngine":
        from promptsearch.engines.trigger.engine import TriggerEngine

        return TriggerEngine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
