"""The `mining` engine: templates found in text, for facts and for classification."""

from promptsearch.engines.mining.config import MINERS, MiningConfig
from promptsearch.engines.mining.engine import MiningEngine

__all__ = ["MINERS", "MiningConfig", "MiningEngine"]
