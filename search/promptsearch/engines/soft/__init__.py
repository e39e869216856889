"""Soft prompts: embeddings in place of words, learned by gradient descent with the PLM as it is."""

from promptsearch.engines.soft.config import SoftConfig, TrainingConfig
from promptsearch.engines.soft.engine import SoftEngine

__all__ = ["SoftConfig", "SoftEngine", "TrainingConfig"]
