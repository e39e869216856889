"""The bundled lexicon: at least forty words a label for sentiment, topics, entailment and other common tasks.

Its data are TOML files, one a set of labels; each says at its head what its words are.
"""

from promptsearch.knowledge.lexicon.entries import FILES, LexiconEntry, lexicon_file
from promptsearch.knowledge.lexicon.lexicon import Lexicon, name_parts, seeds_of

__all__ = ["FILES", "Lexicon", "LexiconEntry", "lexicon_file", "name_parts", "seeds_of"]
