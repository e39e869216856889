"""Trigger tokens: discrete prompts searched by gradients."""

from promptsearch.engines.trigger.config import TriggerConfig
from promptsearch.engines.trigger.engine import TriggerEngine
from promptsearch.engines.trigger.history import History, Improvement, Restart, Swap

__all__ = ["History", "Improvement", "Restart", "Swap", "TriggerConfig", "TriggerEngine"]
