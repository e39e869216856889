"""ConceptNet as a knowledge base, from its published dump or a small file of the same assertions."""

from promptsearch.knowledge.conceptnet.expand import ConceptNet
from promptsearch.knowledge.conceptnet.relations import DEFAULT_FACTORS

__all__ = ["DEFAULT_FACTORS", "ConceptNet"]
