"""nanoGCG (Zou et al. 2023, as published by its authors), which wants transformers before 4.48."""

from __future__ import annotations

from promptsearch.bench.environments import Environment

VERSION = "0.3.0"
ENVIRONMENT = Environment("nanogcg", VERSION, f"nanogcg=={VERSION}")
