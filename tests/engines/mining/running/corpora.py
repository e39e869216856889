"""A small text and what to count in it, for the tests of this folder."""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from promptsearch.corpus import Corpus, SegmentText
from promptsearch.engines.mining.counts import Counts, merge
from promptsearch.engines.mining.facts import FactCounter
from promptsearch.engines.mining.pairs import Fact
from promptsearch.engines.mining.running import Counter
from promptsearch.engines.mining.words import Words

FACTS = [
    [Fact("Ada", "Rome"), Fact("Bo", "Oslo"), Fact("Cy", "Paris", ("Cyrus",))],
    [Fact("Rome", "Italy"), Fact("Oslo", "Norway"), Fact("Paris", "France")],
]
COUNTER = FactCounter.of(FACTS, Words(), between=6)
_NAMES = ["Ada", "Bo", "Cy", "Cyrus", "Rome", "Oslo", "Paris", "Italy", "France", "Norway"]
_OTHERS = ["was", "born", "in", ",", "lives", "near", "is", "the", "capital", "of"]


def write_text(path: Path, lines: int = 400, seed: int = 0) -> Path:
    """Lines of random words, some of them blank, some of two sentences."""
    draw = random.Random(seed)
    with path.open("w") as file:
        for _ in range(lines):
            sentences = [
                " ".join(draw.choices(_NAMES + _OTHERS, k=draw.randint(3, 9))) + "." for _ in range(2)
            ]
            file.write(" ".join(sentences[: draw.randint(0, 2)]) + "\n")
    return path


def whole(counter: Counter, corpus: Corpus) -> Counts:
    """The counts by one call for each source."""
    texts = {}
    for segment in corpus.segments(1 << 24):
        assert segment.source not in texts
        texts[segment.source] = corpus.read(segment)
    return merge(counter.count(text, source, 0) for source, text in texts.items())


@dataclass(frozen=True)
class Deadly:
    """Kills its process where a sentence holds the word, until the file says `times` deaths.

    With `hungry` it runs out of memory instead.
    """

    word: str
    deaths: Path
    times: int
    hungry: bool = False

    def count(self, text: SegmentText, source: int = 0, segment: int = 0) -> Counts:
        if any(self.word in sentence for _, sentence in text.sentences):
            died = len(self.deaths.read_bytes()) if self.deaths.exists() else 0
            if died < self.times:
                with self.deaths.open("ab") as file:
                    file.write(b"x")
                if self.hungry:
                    raise MemoryError
                os.kill(os.getpid(), signal.SIGKILL)
        return COUNTER.count(text, source, segment)


@dataclass(frozen=True)
class Slow:
    """Takes its time, and notes the process that counted."""

    seconds: float
    notes: Path

    def count(self, text: SegmentText, source: int = 0, segment: int = 0) -> Counts:
        with self.notes.open("a") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(self.seconds)
        return COUNTER.count(text, source, segment)
