"""Counting in a whole corpus, wherever the work is done."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from promptsearch.corpus import Corpus
from promptsearch.corpus.segments import SEGMENT
from promptsearch.engines.mining.counts import MOST, Counts
from promptsearch.engines.mining.running.automatic import AutomaticCheckpoint
from promptsearch.engines.mining.running.base import Counter, Progress
from promptsearch.engines.mining.running.checkpoints import Checkpoint, State
from promptsearch.engines.mining.running.fingerprints import fingerprint
from promptsearch.engines.mining.running.merging import Tally
from promptsearch.engines.mining.running.pool import default_workers, parts
from promptsearch.errors import OptionError

if TYPE_CHECKING:
    from distributed import Client

EVERY = 30.0


def count(
    counter: Counter,
    corpus: Corpus,
    *,
    workers: int | None = None,
    most: int = MOST,
    checkpoint: Path | Literal["automatic"] | None = None,
    every: float = EVERY,
    scheduler: str | Client | None = None,
    progress: Progress | None = None,
    size: int = SEGMENT,
) -> Counts:
    """The counts of a corpus, each source as one segment.

    They are the same for any number of workers, any `size`, and on a cluster, as long as no more than `most`
    places are held; beyond, the rarest keys are dropped and `Counts.missed` says what that may have cost.

    Args:
        workers: processes on this machine; by default one for each core, fewer for a small corpus.
        most: places to hold in memory, see `counts.prune`.
        checkpoint: a file that keeps how far counting is; a run that finds it goes on from there. With
            `automatic` it is one in the cache folder, see `AutomaticCheckpoint`; none on a cluster.
        every: seconds between two writings of it.
        scheduler: address of a Dask scheduler (`tcp://host:8786`), or a client; it does the work then.
        size: bytes of text a segment, about.

    Raises:
        DataError: the corpus cannot be read, or the checkpoint is of another run.
        StorageError: the checkpoint cannot be written.
        OptionError: an option that cannot be used, or not with another.
        RunningError: workers die, or the cluster cannot be used.
    """
    if workers is not None and workers < 1:
        raise OptionError(f"there cannot be {workers} workers", hint="Give 1 or more.")
    if most < 1:
        raise OptionError(f"{most} places are too few to count with", hint=f"The default is {MOST:,}.")
    if scheduler is not None:
        if checkpoint not in (None, "automatic"):
            raise OptionError(
                "a checkpoint cannot be kept of work on a cluster",
                hint="Leave one of the two out; the scheduler itself repeats what a lost worker had done.",
            )
        from promptsearch.engines.mining.running.cluster import count_on_cluster

        return count_on_cluster(counter, corpus, scheduler, most=most, progress=progress, size=size)
    keeper = None
    if checkpoint is not None:
        identity = _identity(counter, corpus, most, size)
        named = isinstance(checkpoint, Path)
        keeper = Checkpoint(checkpoint, identity, every) if named else AutomaticCheckpoint(identity, every)
    state = (keeper.load(most) if keeper is not None else None) or State(Tally(most))
    before = state.tally.part.counts.sentences
    if not state.finished:
        try:
            _go_on(state, counter, corpus, workers or default_workers(corpus), size, keeper, progress)
        finally:
            if keeper is not None:
                keeper.keep(state)
    return replace(state.tally.part.finished(corpus), before=before)


def _go_on(
    state: State,
    counter: Counter,
    corpus: Corpus,
    workers: int,
    size: int,
    keeper: Checkpoint | None,
    progress: Progress | None,
) -> None:
    """Count what the state lacks."""
    segments = corpus.segments(size, after=state.positions)
    if progress is not None:
        progress.advance(state.done(corpus), corpus.size, state.tally.part.counts.sentences)
    with closing(parts(counter, corpus, segments, workers)) as counted:
        for segment, part in counted:
            state.take(segment, part)
            if progress is not None:
                sentences = state.tally.part.counts.sentences
                progress.advance(state.done(corpus), corpus.size, sentences)
            if keeper is not None:
                keeper.keep_if_due(state)
    state.finished = True


def _identity(counter: Counter, corpus: Corpus, most: int, size: int) -> dict[str, str | int]:
    return {
        "the version": version("promptsearch"),
        "the corpus": corpus.fingerprint,
        "what is counted": fingerprint(counter),
        "the memory limit": most,
        "the size of segments": size,
    }
