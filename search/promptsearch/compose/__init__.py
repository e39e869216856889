"""Prompts made of prompts.

ensemble = PromptEnsemble.of([one, other]).fitted(task.train)
ensemble.save("ensemble.json")
load_prompt_or_ensemble("ensemble.json").predict("a gorgeous, witty film")
"""

from promptsearch.compose.documents import EnsembleDocument, ensemble_schema, ensemble_schema_json
from promptsearch.compose.ensemble import PromptEnsemble, load_ensemble, load_prompt_or_ensemble

__all__ = [
    "EnsembleDocument",
    "PromptEnsemble",
    "ensemble_schema",
    "ensemble_schema_json",
    "load_ensemble",
    "load_prompt_or_ensemble",
]
