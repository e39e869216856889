"""A process that writes and reads one cache entry; it imports no torch, so that it starts at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from promptsearch.plms.base import AnswerStates
from promptsearch.plms.cache import StateCache


def states(seed: int = 0, n: int = 5, d: int = 8) -> AnswerStates:
    """Answer states of random numbers."""
    random = np.random.default_rng(seed)
    return AnswerStates(
        random.normal(size=(n, d)).astype(np.float32),
        random.normal(size=n).astype(np.float32),
        np.arange(n, dtype=np.int32),
        np.arange(n) % 2 == 0,
    )


def write_and_read(folder: str, key: str, barrier: Any) -> None:
    """Write the same entry again and again; exit with a message when it is not what is read back."""
    cache, expected = StateCache(Path(folder)), states(7, n=400)
    barrier.wait()
    for turn in range(40):
        cache.put(key, expected)
        found = cache.get(key)
        if found is None or found.hidden.tobytes() != expected.hidden.tobytes():
            raise SystemExit(f"turn {turn}: {found}")
