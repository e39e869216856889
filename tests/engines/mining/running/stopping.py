"""A run that ends in the middle, and one that is only watched."""

from __future__ import annotations

import pytest

from promptsearch.corpus import Corpus
from promptsearch.engines.mining.running import count
from tests.engines.mining.running.corpora import COUNTER

SIZE = 500


class Stop(Exception):
    pass


class StopAfter:
    """Ends a run after some segments."""

    def __init__(self, segments: int) -> None:
        self.left = 1 + segments  # the first time it is told what there is before any

    def advance(self, done: int, total: int | None, sentences: int) -> None:
        self.left -= 1
        if not self.left:
            raise Stop


class Told(list):
    """What a run told of its progress: one entry before it begins, and one a segment."""

    def advance(self, done: int, total: int | None, sentences: int) -> None:
        self.append((done, total, sentences))


def stop(corpus: Corpus, segments: int = 5, **options) -> None:
    """Count until so many segments are done, and break off."""
    given = {"workers": 1, "size": SIZE, "checkpoint": "automatic", "progress": StopAfter(segments)}
    with pytest.raises(Stop):
        count(COUNTER, corpus, **{**given, **options})
