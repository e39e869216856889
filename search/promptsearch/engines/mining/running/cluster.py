"""Counting on a Dask cluster: each task counts a shard, and the counts are merged as a tree."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptsearch.corpus import Corpus, Shard
from promptsearch.corpus.corpus import SHARD
from promptsearch.corpus.segments import SEGMENT
from promptsearch.engines.mining.counts import Counts
from promptsearch.engines.mining.running.base import Counter as Counting
from promptsearch.engines.mining.running.base import Progress, RunningError
from promptsearch.engines.mining.running.checks import check_sources, check_versions
from promptsearch.engines.mining.running.merging import Part, Tally, merged
from promptsearch.errors import OptionError

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_SECONDS = 10.0
_SPLIT_EVERY = 8
# How often it is looked whether there are workers, and how long they may all be gone: those that died are
# started again within seconds.
_LOOK_SECONDS = 5.0
_PATIENCE_SECONDS = 60.0
_SHARDS_A_THREAD = 4
_LEAST_SHARD = 4 << 20
_MEMORY = "Look at the logs of the workers, and give them more memory or fewer threads."


@dataclass(frozen=True)
class _Job:
    """What every task needs; a cluster holds it once."""

    counter: Counting
    corpus: Corpus
    most: int
    size: int
    topic: str | None


def count_on_cluster(
    counter: Counting,
    corpus: Corpus,
    scheduler: str | Client,
    *,
    most: int,
    progress: Progress | None = None,
    size: int = SEGMENT,
    shard_size: int | None = None,
    timeout: float = CONNECT_SECONDS,
) -> Counts:
    """The counts of a corpus whose shards are counted by the workers of a cluster.

    A worker that is lost is survived: what it had done and was doing is done again by the others.

    Args:
        scheduler: its address, as `tcp://host:8786`, or a client, which stays open.
        most: places that each task holds; see `counting.count`.
        shard_size: bytes of a plain file a task, by default so that each thread gets several; a compressed
            file is one task, whatever its size.
        timeout: seconds in which the scheduler and one worker must answer.

    Raises:
        OptionError: Dask is not installed.
        RunningError: the cluster cannot be reached, has no workers or other versions, or gives up a task.
        DataError: a source that the workers do not see, or that cannot be read.
    """
    with _client(scheduler, timeout) as client:
        corpus = _with_whole_paths(corpus)
        check_versions(client)
        check_sources(client, corpus)
        shards = _numbered(corpus.shards(shard_size or _shard_size(client, corpus, size)))
        if not shards:
            return Counts()
        topic = f"mining-{uuid.uuid4().hex}" if progress is not None else None
        if progress is not None and topic is not None:
            client.subscribe_topic(topic, _Told(progress, corpus).hear)
        try:
            part = _result(client, _Job(counter, corpus, most, size, topic), shards)
        finally:
            if topic is not None:
                client.unsubscribe_topic(topic)
    return part.finished(corpus)


def count_shard(numbered: tuple[int, int, Shard], job: _Job) -> Part:
    """The counts of one shard, as one segment of its source.

    Args:
        numbered: number of the shard among all, its number in its source, the shard.
    """
    number, segment_number, shard = numbered
    tally = Tally(job.most)
    in_memory = job.corpus.sources[shard.source].kind == "memory"
    before = sum(map(len, job.corpus.texts[: shard.start])) if in_memory else shard.start
    for segment in job.corpus.segments_of(shard, job.size):
        tally.add(Part.of(job.counter, job.corpus, segment))
        _tell(job.topic, [number, segment.consumed - before, tally.part.counts.sentences])
    return tally.part.joined(segment_number)


def _result(client: Client, job: _Job, shards: list[tuple[int, int, Shard]]) -> Part:
    import dask.bag
    from dask import delayed
    from distributed.client import FutureCancelledError
    from distributed.comm import CommClosedError
    from distributed.scheduler import KilledWorker

    # As a task of its own the job is sent once to each worker, and made again where it is lost.
    held = delayed(job, traverse=False, name=f"mining-job-{uuid.uuid4().hex}")
    counted = dask.bag.from_sequence(shards, npartitions=len(shards)).map(count_shard, job=held)
    merge = partial(merged, most=job.most)
    future: Future = client.compute(counted.reduction(merge, merge, split_every=_SPLIT_EVERY))
    try:
        return _waited_for(client, future)
    except KilledWorker as error:
        raise RunningError(
            f"{error.allowed_failures + 1} workers died of the same task",
            where=_place_of(error.task, job.corpus, shards),
            hint=_MEMORY,
        ) from error
    except MemoryError as error:
        raise RunningError("a worker of the cluster ran out of memory", hint=_MEMORY) from error
    except (FutureCancelledError, CommClosedError) as error:
        reason = getattr(error, "reason", error)
        raise RunningError(f"the cluster dropped the work: {reason}", hint="Does it still run?") from error
    finally:
        future.cancel()


def _waited_for(client: Client, future: Future) -> Part:
    """The result, as long as there are workers that may bring it; Dask itself waits for new ones for ever."""
    without, fetching = 0.0, _PATIENCE_SECONDS
    while True:
        # What is counted has still to come here, and each try to fetch it begins anew.
        finished, begun = future.status == "finished", time.monotonic()
        try:
            return future.result(timeout=fetching if finished else _LOOK_SECONDS)
        except TimeoutError:
            if future.status == "error":
                return future.result()  # raises what went wrong, which may be another one
        if finished:
            fetching *= 2
        without = 0.0 if client.nthreads() else without + time.monotonic() - begun
        if without >= _PATIENCE_SECONDS:
            raise RunningError(
                f"the cluster has had no worker for {without:.0f} seconds",
                hint="Start some, and count again.",
            )


def _place_of(task: Any, corpus: Corpus, shards: list[tuple[int, int, Shard]]) -> str:
    """What a task was about: those that count carry the number of their shard."""
    if isinstance(task, tuple) and "aggregate" not in task[0]:
        shard = shards[task[1]][2]
        name = corpus.sources[shard.source].name
        return name if shard.end is None else f"{name}, from {shard.start:,} to {shard.end:,}"
    return f"task {task}"


def _shard_size(client: Client, corpus: Corpus, segment: int) -> int:
    """Bytes of a shard, so that all threads are busy to the end, and few shards have to be merged."""
    threads: Any = client.nthreads()
    fair = (corpus.size or SHARD) // (_SHARDS_A_THREAD * max(1, sum(threads.values())))
    return min(max(fair, segment, _LEAST_SHARD), SHARD)


def _numbered(shards: Iterable[Shard]) -> list[tuple[int, int, Shard]]:
    """Each shard with its number among all, and its number in its source."""
    in_source: Counter[int] = Counter()
    numbered = []
    for number, shard in enumerate(shards):
        numbered.append((number, in_source[shard.source], shard))
        in_source[shard.source] += 1
    return numbered


def _with_whole_paths(corpus: Corpus) -> Corpus:
    """Workers may have been started in another folder."""
    sources = [
        source
        if source.kind in ("hub", "memory")
        else replace(source, path=str(Path(source.path).absolute()))
        for source in corpus.sources
    ]
    return replace(corpus, sources=tuple(sources))


def _tell(topic: str | None, message: list[int]) -> None:
    if topic is not None:
        from distributed import get_worker

        get_worker().log_event(topic, message)


class _Told:
    """Adds up what the tasks tell; one that is done again tells the same again."""

    def __init__(self, progress: Progress, corpus: Corpus) -> None:
        self._progress, self._total = progress, corpus.size
        self._of_shard: dict[int, tuple[int, int]] = {}

    def hear(self, event: tuple[Any, Any]) -> None:
        """Take one message: shard, bytes, sentences."""
        number, consumed, sentences = event[1]
        self._of_shard[number] = max(self._of_shard.get(number, (0, 0)), (consumed, sentences))
        done, counted = map(sum, zip(*self._of_shard.values()))
        self._progress.advance(done, self._total, counted)


@contextmanager
def _client(scheduler: str | Client, timeout: float) -> Generator[Client]:
    """A client that has at least one worker; closed behind if it was opened here."""
    try:
        import dask.bag  # noqa: F401
        from distributed import Client
    except ImportError as error:
        raise OptionError(
            "work on a cluster needs Dask", hint="pip install 'promptsearch[cluster]'"
        ) from error
    if isinstance(scheduler, Client):
        _wait_for_worker(scheduler, timeout)
        yield scheduler
        return
    try:
        client = Client(scheduler, timeout=timeout, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise RunningError(
            f"no Dask scheduler answers: {error}",
            where=scheduler,
            hint="Start one with `dask scheduler`; it tells its address, as tcp://host:8786.",
        ) from error
    with client:
        _wait_for_worker(client, timeout)
        yield client


def _wait_for_worker(client: Client, timeout: float) -> None:
    try:
        client.wait_for_workers(1, timeout=timeout)
    except TimeoutError as error:
        raise RunningError(
            "the cluster has no workers",
            where=str(getattr(client.scheduler, "address", "")),
            hint="Start some with `dask worker ADDRESS`.",
        ) from error
