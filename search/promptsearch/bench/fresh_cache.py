"""A cache folder of a measurement's own, so that nothing is fast because it was computed before."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from promptsearch.paths import cache_dir

_VARIABLE = "PROMPTSEARCH_CACHE"
# What belongs to a PLM or to no task; what a search learns of its task is not among it.
_SHARED = ("plms", "precision.json", "weights-sha256.json", "vocabulary", "knowledge", "conceptnet")


@contextmanager
def fresh_cache() -> Generator[dict[str, str]]:
    """The environment of processes whose cache holds nothing of any task; removed at the end."""
    with tempfile.TemporaryDirectory(prefix="promptsearch-cache-", ignore_cleanup_errors=True) as folder:
        for name in _SHARED:
            known = cache_dir() / name
            if known.exists():
                (Path(folder) / name).symlink_to(known.resolve(), known.is_dir())
        yield {**os.environ, _VARIABLE: folder}


@contextmanager
def within_fresh_cache() -> Generator[Path]:
    """Within, `fresh_cache` is that of this process too."""
    before = os.environ.get(_VARIABLE)
    with fresh_cache() as env:
        os.environ[_VARIABLE] = env[_VARIABLE]
        try:
            yield Path(env[_VARIABLE])
        finally:
            if before is None:
                del os.environ[_VARIABLE]
            else:
                os.environ[_VARIABLE] = before
