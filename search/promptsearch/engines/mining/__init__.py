"""The `mining` engine: templates found in text, for facts and for classification."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptsearch.engines.mining.config import MINERS, MiningConfig

if TYPE_CHECKING:
    from promptsearch.engines.mining.engine import MiningEngine

__all__ = ["MINERS", "MiningConfig", "MiningEngine"]


def __getattr__(name: str) -> object:
    # The engine imports numpy, which processes that only count in text do without.
    if name == "MiningEngine":
        from promptsearch.engines.mining.engine import MiningEngine

        return MiningEngine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
