"""Ways to find pairs in text: `python -m promptsearch.bench.mining_ways JOB.json` runs one of them once.

In a process of its own, so that memory can be compared. One line of JSON goes to stdout, a `Pass`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from promptsearch.corpus import Corpus
from promptsearch.engines.mining.counts import Counts
from promptsearch.engines.mining.facts import FactCounter
from promptsearch.engines.mining.pairs import Fact
from promptsearch.engines.mining.running import count
from promptsearch.engines.mining.running.pool import default_workers
from promptsearch.engines.mining.words import Words, composed
from promptsearch.memory import peak_memory

# More words than any sentence has between two names.
ANY_DISTANCE = 100_000


@dataclass(frozen=True)
class MiningJob:
    """What is to be found where, and how.

    Attributes:
        way: a key of `WAYS`.
        corpus: a file or folder, one sentence a line.
        relations: relation -> its facts.
        workers: processes; None leaves it to promptsearch.
        between: words that may stand between two names.
        fold: whether case and accents are folded.
    """

    way: str
    corpus: str
    relations: dict[str, tuple[Fact, ...]]
    workers: int | None = 1
    between: int = 8
    fold: bool = True

    def to_json(self) -> str:
        """For another process."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> MiningJob:
        """Read what `to_json` gave."""
        # Facts are made one by one: what all of them take as dictionaries would count as the way's memory.
        values: dict[str, Any] = json.loads(text, object_hook=_fact)
        values["relations"] = {name: tuple(facts) for name, facts in values["relations"].items()}
        return cls(**values)

    def counter(self) -> FactCounter:
        """The counter for the facts of all relations."""
        return FactCounter.of(self.relations.values(), Words(self.fold, self.fold), self.between)

    def text(self) -> Corpus:
        """The corpus."""
        return Corpus.of([self.corpus])

    def sentences(self) -> Iterator[str]:
        """Every sentence of the corpus."""
        corpus = self.text()
        for segment in corpus.segments():
            for _, sentence in corpus.read(segment).sentences:
                yield sentence


_FACT = {field.name for field in fields(Fact)}


def _fact(values: dict[str, Any]) -> Fact | dict[str, Any]:
    """A fact, if a JSON object is one."""
    if values.keys() != _FACT or not isinstance(values["subject"], str):
        return values
    aliases = tuple(values["subject_aliases"]), tuple(values["object_aliases"])
    return Fact(values["subject"], values["object"], *aliases)


@dataclass(frozen=True)
class Pass:
    """One way over one corpus, once.

    Attributes:
        seconds: of the work, from the corpus' name and the pairs to the counts.
        start_seconds: before that, as for a cluster to start.
        peak_bytes: most memory the process ever had; None where the system does not tell.
        worker_bytes: the same of each process that it started.
        keys: different words between two names; with their relation and order.
        places: pairs of those.
        missed: see `Counts.missed`.
        digest: sha256 of all counts, by which two of them can be told to be equal.
        pairs: (subject, object) that were found, for ways that tell them.
    """

    seconds: float
    workers: int = 1
    start_seconds: float = 0.0
    peak_bytes: int | None = None
    worker_bytes: tuple[int, ...] = ()
    sentences: int = 0
    keys: int = 0
    places: int = 0
    missed: int = 0
    digest: str = ""
    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of_record(cls, record: dict[str, Any]) -> Pass:
        """Read what `asdict` gave, from JSON."""
        values = dict(record)
        values["worker_bytes"] = tuple(values["worker_bytes"])
        values["pairs"] = tuple((x, y) for x, y in values["pairs"])
        return cls(**values)

    @property
    def all_bytes(self) -> int | None:
        """The peaks of all processes together: no less than what they had at any one time."""
        return None if self.peak_bytes is None else self.peak_bytes + sum(self.worker_bytes)


@dataclass
class _Workers:
    """Watches the memory of worker processes; told of each segment that is done."""

    peaks: dict[int, int] = field(default_factory=dict)

    def advance(self, done: int, total: int | None, sentences: int) -> None:
        for process in multiprocessing.active_children():
            if process.pid is not None and (peak := _peak_of(process.pid)) is not None:
                self.peaks[process.pid] = peak


def _peak_of(pid: int) -> int | None:
    """As `peak_memory`, of another process; None where the system does not tell or the process has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    found = re.search(r"^VmHWM:\s*(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def ours(job: MiningJob) -> Pass:
    """promptsearch on this machine."""
    watch = _Workers()
    start = time.perf_counter()
    corpus = job.text()
    workers = job.workers or default_workers(corpus)
    counts = count(job.counter(), corpus, workers=workers, progress=watch)
    return _counted(counts, time.perf_counter() - start, workers, watch.peaks.values())


def on_dask(job: MiningJob) -> Pass:
    """promptsearch on a Dask cluster of worker processes on this machine."""
    from distributed import Client, LocalCluster

    begun, workers = time.perf_counter(), job.workers or 1
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        client.wait_for_workers(workers)
        start = time.perf_counter()
        counts = count(job.counter(), job.text(), scheduler=client)
        seconds = time.perf_counter() - start
        peaks = client.run(peak_memory).values()
    return _counted(counts, seconds, workers, [peak for peak in peaks if peak], start - begun)


def obvious(job: MiningJob) -> Pass:
    """For each sentence and each pair: is either side in the sentence? Anywhere in it, also inside words."""
    pairs = [(fact.subject, fact.object) for facts in job.relations.values() for fact in facts]
    met: set[tuple[str, str]] = set()
    start, sentences = time.perf_counter(), 0
    for sentence in Path(job.corpus).read_text("utf-8", errors="replace").splitlines():
        sentences += 1
        for x, y in pairs:
            if x in sentence and y in sentence:
                met.add((x, y))
    seconds = time.perf_counter() - start
    return Pass(seconds, sentences=sentences, peak_bytes=peak_memory(), pairs=tuple(sorted(met)))


def met_pairs(job: MiningJob) -> Pass:
    """The pairs that promptsearch finds, spelt as they are in the text."""
    counts = count(job.counter(), job.text(), workers=1)
    met = {
        (place.sentence[slice(*place.x)], place.sentence[slice(*place.y)])
        for key, places in counts.seen.items()
        if key.group >= 0
        for place in places.values()
    }
    return Pass(0.0, sentences=counts.sentences, pairs=tuple(sorted(met)))


def names_alone(job: MiningJob) -> Pass:
    """Only cut sentences into words and find the names in them; the text is in memory."""
    words, counter = job.counter().words, job.counter()
    held = list(job.sentences())
    start, found = time.perf_counter(), 0
    for sentence in held:
        found += len(counter.finder.find(words.of(composed(sentence))))
    return Pass(time.perf_counter() - start, sentences=len(held), places=found, peak_bytes=peak_memory())


WAYS: dict[str, Callable[[MiningJob], Pass]] = {
    "ours": ours,
    "dask": on_dask,
    "obvious": obvious,
    "met": met_pairs,
    "names": names_alone,
}


def _counted(counts: Counts, seconds: float, workers: int, peaks: Any, started: float = 0.0) -> Pass:
    own = peak_memory()  # before the digest is made, which takes memory itself
    digest = hashlib.sha256(json.dumps(counts.record(), ensure_ascii=True).encode()).hexdigest()
    return Pass(
        seconds,
        workers,
        started,
        own,
        tuple(peaks),
        counts.sentences,
        len(counts.seen),
        counts.entries,
        counts.missed,
        digest,
    )


def main(path: str) -> None:
    """Do a job and tell what it came to."""
    answers = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        job = MiningJob.from_json(Path(path).read_text("utf-8"))
        found = WAYS[job.way](job)
    print(json.dumps(asdict(found)), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
