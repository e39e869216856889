"""Soft prompts: embeddings in place of words, learned by gradient descent with the PLM as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptsearch.engines.soft.config import SoftConfig, TrainingConfig

if TYPE_CHECKING:
    from promptsearch.engines.soft.engine import SoftEngine

__all__ = ["SoftConfig", "SoftEngine", "TrainingConfig"]


def __getattr__(name: str) -> object:
    # The engine imports torch, which those who only want its options do without.
    if name == "SoftEngine":
        from promptsearch.engines.soft.engine import SoftEngine

        return SoftEngine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
