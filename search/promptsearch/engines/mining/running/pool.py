"""Counting on one machine, in this process or in several."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import NamedTuple

from promptsearch.cores import usable_cores
from promptsearch.corpus import Corpus, Segment
from promptsearch.engines.mining.running.base import Counter, RunningError, place_of
from promptsearch.engines.mining.running.merging import Part

# A worker takes about half a second to start, in which one process counts this many bytes on disk.
_WORTH_A_WORKER = 4 << 20
_DEATHS = 2
# Windows waits for no more processes at once.
_MOST_ON_WINDOWS = 61


def default_workers(corpus: Corpus) -> int:
    """All cores that this process may use, fewer where the corpus is small."""
    cores = usable_cores()
    return cores if corpus.size is None else min(cores, 1 + corpus.size // _WORTH_A_WORKER)


def parts(
    counter: Counter, corpus: Corpus, segments: Iterable[Segment], workers: int
) -> Generator[tuple[Segment, Part]]:
    """The counts of each segment, in the order of the segments; at most 2 * workers + 1 are held.

    Raises:
        DataError: a segment cannot be read.
        RunningError: a segment killed the process that counted it, again and again.
    """
    if sys.platform == "win32":
        workers = min(workers, _MOST_ON_WINDOWS)
    if workers == 1:
        for segment in segments:
            yield segment, Part.of(counter, corpus, segment)
        return
    pool = _Pool(counter, corpus, workers)
    try:
        yield from pool.parts(segments)
    except BaseException:
        pool.abandon()
        raise
    pool.close()


class _Task(NamedTuple):
    segment: Segment
    future: Future[Part]
    executor: ProcessPoolExecutor


class _Pool:
    """Worker processes that are replaced when they die.

    When one dies, all segments in flight are lost and any of them may be the cause: each is counted again
    in a process that counts nothing else at the time, so that the one to blame is known.
    """

    def __init__(self, counter: Counter, corpus: Corpus, workers: int) -> None:
        self._job = counter, corpus
        self._workers = workers
        self._executor: ProcessPoolExecutor | None = None
        self._single: ProcessPoolExecutor | None = None
        self._has_counted = False
        # Workers hold the other end, and end at once when this one is closed, by `abandon` or by death.
        self._workers_end, self._own_end = multiprocessing.get_context("spawn").Pipe(duplex=False)

    def parts(self, segments: Iterable[Segment]) -> Generator[tuple[Segment, Part]]:
        flying: deque[_Task] = deque()
        for segment in segments:
            flying.append(self._submit(segment))
            if len(flying) > 2 * self._workers:
                yield self._first(flying)
        while flying:
            yield self._first(flying)

    def close(self) -> None:
        """Let workers end what they are at, and stop them."""
        for executor in (self._executor, self._single):
            if executor is not None:
                executor.shutdown(wait=True, cancel_futures=True)
        self._own_end.close()
        self._workers_end.close()

    def abandon(self) -> None:
        """End the workers at once: waiting for them could hang where a second Ctrl-C breaks it off."""
        self._own_end.close()
        for executor in (self._executor, self._single):
            if executor is not None:
                executor.shutdown(wait=False, cancel_futures=True)
        self._workers_end.close()

    def _started(self, workers: int) -> ProcessPoolExecutor:
        # A forked copy of a process that has threads may hang; and this is the same on all systems.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(
            workers, context, initializer=_start_worker, initargs=(*self._job, self._workers_end)
        )

    def _submit(self, segment: Segment) -> _Task:
        if self._executor is None:
            self._executor = self._started(self._workers)
        try:
            return _Task(segment, self._executor.submit(_count, segment), self._executor)
        except BrokenProcessPool:
            self._executor.shutdown(wait=False)
            self._executor = self._started(self._workers)
            return _Task(segment, self._executor.submit(_count, segment), self._executor)

    def _first(self, flying: deque[_Task]) -> tuple[Segment, Part]:
        task = flying.popleft()
        try:
            part = task.future.result()
        except BrokenProcessPool:
            if task.executor is self._executor:
                self._executor.shutdown(wait=False)
                self._executor = None
            part = self._alone(task.segment)
        except MemoryError:
            part = self._alone(task.segment)
        self._has_counted = True
        return task.segment, part

    def _alone(self, segment: Segment) -> Part:
        for _ in range(_DEATHS):
            if self._single is None:
                self._single = self._started(1)
            try:
                return self._single.submit(_count, segment).result()
            except MemoryError:
                continue
            except BrokenProcessPool:
                self._single.shutdown(wait=False)
                self._single = None
        if self._has_counted:
            raise RunningError(
                f"a worker process died {_DEATHS} times on the same segment of the corpus",
                where=place_of(self._job[1], segment),
                hint="Was memory short? Look at the place, leave the file out, or use one worker.",
            )
        raise RunningError(
            "worker processes die before they have counted anything",
            hint="With one worker none is needed. In a script of your own, call it under "
            '`if __name__ == "__main__":`; workers read the script again.',
        )


# What this process counts with, when it is a worker: sent once, not with every segment.
_job: tuple[Counter, Corpus] | None = None


def _start_worker(counter: Counter, corpus: Corpus, parent: Connection) -> None:
    global _job
    _job = counter, corpus
    # Ctrl-C reaches every process of the terminal; the parent is the one that ends the work.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Connection) -> None:
    """A worker that no one waits for any more would wait for work for ever."""
    with suppress(EOFError, OSError):
        parent.recv()
    os._exit(1)


def _count(segment: Segment) -> Part:
    assert _job is not None
    return Part.of(*_job, segment)
