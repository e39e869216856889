"""The `words` engine: label words found from examples, knowledge bases and the PLM itself."""

from promptsearch.engines.words.config import METHODS, WordsConfig
from promptsearch.engines.words.engine import WordsEngine

__all__ = ["METHODS", "WordsConfig", "WordsEngine"]
