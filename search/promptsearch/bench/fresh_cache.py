"""A cache folder of a measurement's own, so that nothing is fast because it was computed before."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from promptsearch.paths import cache_dir

# What was fetched once, and is no result.
_SHARED = ("plms", "vocabulary", "precision.json", "weights-sha256.json")


@contextmanager
def fresh_cache() -> Generator[dict[str, str]]:
    """The environment of processes whose cache holds fetched PLMs and nothing else; removed at the end."""
    with tempfile.TemporaryDirectory(prefix="promptsearch-cache-") as folder:
        for name in _SHARED:
            known = cache_dir() / name
            if known.exists():
                (Path(folder) / name).symlink_to(known.resolve(), known.is_dir())
        yield {**os.environ, "PROMPTSEARCH_CACHE": folder}
