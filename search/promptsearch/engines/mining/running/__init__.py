"""Counting in any amount of text: one process, all cores, or a Dask cluster."""

from promptsearch.engines.mining.running.base import Counter, Progress, RunningError
from promptsearch.engines.mining.running.counting import count

__all__ = ["Counter", "Progress", "RunningError", "count"]
