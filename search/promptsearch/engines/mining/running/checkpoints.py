"""How far counting is, kept in a file, so that a run that was killed goes on where it was."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promptsearch.corpus import Corpus, Position, Segment
from promptsearch.engines.mining.counts import Counts
from promptsearch.engines.mining.running.merging import Part, Skipped, Tally
from promptsearch.errors import DataError
from promptsearch.paths import atomic_write

_FORMAT = 2
_KIND = "promptsearch mining checkpoint"
# Writing may take at most this share of the time.
_SHARE = 0.05
_DAMAGED = "the checkpoint is damaged"
_ANEW = "Delete it to start from the beginning, or name another file."


@dataclass
class State:
    """What has been counted, and which segments.

    Attributes:
        positions: source -> its last segment that was counted.
        consumed: source -> its bytes on disk that were read.
        finished: whether that is the whole corpus.
        whole: false for the moment in which a segment is half counted; such a state must not be kept.
    """

    tally: Tally
    positions: dict[int, Position] = field(default_factory=dict)
    consumed: dict[int, int] = field(default_factory=dict)
    finished: bool = False
    whole: bool = True

    def take(self, segment: Segment, part: Part) -> None:
        """Add what was counted in a segment."""
        self.tally.unite(part)
        self.whole = False
        self.tally.sum(part)
        self.positions[segment.source] = segment.position
        self.consumed[segment.source] = segment.consumed
        self.whole = True

    def done(self, corpus: Corpus) -> int:
        """Bytes on disk that were read; sources are read one after the other."""
        last = max(self.positions, default=0)
        passed = (source.size or self.consumed.get(i, 0) for i, source in enumerate(corpus.sources[:last]))
        return sum(passed) + self.consumed.get(last, 0)


class Checkpoint:
    """The file that states are kept in: gzip-compressed JSON.

    Args:
        identity: name -> value of all that must be the same for counting to go on, as `corpus`.
        every: seconds between two states that are kept; longer where writing one takes long.
    """

    def __init__(self, path: Path, identity: dict[str, str | int], every: float) -> None:
        self._path, self._identity, self._every = path, identity, every
        self._due = time.monotonic() + every

    def load(self, most: int) -> State | None:
        """The state that was kept last; None where there is no such file.

        Raises:
            DataError: the file is damaged, no checkpoint, or one of another run.
        """
        try:
            packed = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DataError(
                f"the checkpoint cannot be read: {error.strerror}", where=str(self._path)
            ) from error
        try:
            record = json.loads(gzip.decompress(packed))
            self._check(record)
            return _state(record, most)
        except (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, AttributeError) as error:
            raise DataError(_DAMAGED, where=str(self._path), hint=_ANEW) from error

    def keep_if_due(self, state: State) -> None:
        """Keep the state if the last one that was kept is old enough."""
        if time.monotonic() >= self._due:
            self.keep(state)

    def keep(self, state: State) -> None:
        """Keep the state now, unless a segment is half counted in it.

        Raises:
            StorageError: the file cannot be written.
        """
        if not state.whole:
            return
        start = time.monotonic()
        record = {"kind": _KIND, "format": _FORMAT, "identity": self._identity, **_record(state)}
        atomic_write(self._path, gzip.compress(json.dumps(record, separators=(",", ":")).encode(), 1))
        now = time.monotonic()
        self._due = now + max(self._every, (now - start) / _SHARE)

    def _check(self, record: dict[str, Any]) -> None:
        if record["kind"] != _KIND:
            raise ValueError("something else")
        if record["format"] != _FORMAT:
            raise DataError(
                f"the checkpoint is of format {record['format']}; this version reads {_FORMAT}",
                where=str(self._path),
                hint=_ANEW,
            )
        kept = record["identity"]
        changed = [name for name, value in self._identity.items() if kept.get(name) != value]
        if changed:
            raise DataError(
                f"the checkpoint is of another run: {', '.join(changed)} changed since",
                where=str(self._path),
                hint=_ANEW,
            )


def _record(state: State) -> dict[str, Any]:
    part = state.tally.part
    return {
        "finished": state.finished,
        "positions": [[source, *position] for source, position in sorted(state.positions.items())],
        "consumed": sorted(state.consumed.items()),
        "segments": [[*at, n] for at, n in sorted(part.sentences.items())],
        "skipped": [[source, *skipped] for source, skipped in sorted(part.skipped.items())],
        "counts": part.counts.record(),
    }


def _state(record: dict[str, Any], most: int) -> State:
    part = Part(
        Counts.of_record(record["counts"]),
        {(source, segment): n for source, segment, n in record["segments"]},
        {source: Skipped(*skipped) for source, *skipped in record["skipped"]},
    )
    positions = {source: Position(index, end) for source, index, end in record["positions"]}
    return State(Tally(most, part), positions, dict(record["consumed"]), record["finished"])
