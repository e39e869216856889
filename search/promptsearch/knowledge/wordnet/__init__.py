"""WordNet as a knowledge base, read from wherever its files are on this machine.

WordNet (Miller 1995, "WordNet: a lexical database for English") groups words into synsets, sets of words of
one meaning, and links those by relations: kinds of (hyponyms), derived forms, similar adjectives, topics.
"""

from promptsearch.knowledge.wordnet.expand import DEFAULT_DEPTH, DEFAULT_RELATIONS, RELATIONS, WordNet
from promptsearch.knowledge.wordnet.fetching import fetch
from promptsearch.knowledge.wordnet.files import find_folder
from promptsearch.knowledge.wordnet.reader import Pointer, Reader, Synset

__all__ = [
    "DEFAULT_DEPTH",
    "DEFAULT_RELATIONS",
    "RELATIONS",
    "Pointer",
    "Reader",
    "Synset",
    "WordNet",
    "fetch",
    "find_folder",
]
