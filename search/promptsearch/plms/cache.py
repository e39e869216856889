"""Answer states on disk, addressed by what they were computed from.

An entry is a safetensors file named by the hash of PLM, number format, template and field values. It carries
a checksum; a damaged entry counts as absent and is computed again. Files are written under a temporary name
and renamed, so that processes may share the folder. Above the size limit the entries used longest ago go.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors import numpy as safetensors_numpy

from promptsearch.plms.base import AnswerStates, PLMIdentity
from promptsearch.tasks.task import Example
from promptsearch.template import Template

_log = logging.getLogger(__name__)
_FORMAT = 1
_STALE_SECONDS = 24 * 3600
DEFAULT_LIMIT = 2_000_000_000


def state_key(
    identity: PLMIdentity,
    dtype: str,
    max_tokens: int,
    template: Template,
    examples: Sequence[Example],
    reading: str = "",
) -> str:
    """sha256 (hex) over everything that answer states depend on; labels are not among it.

    Args:
        reading: stands for what makes ids of text and runs the weights: tokenizer, config, transformers.
    """
    head = [_FORMAT, identity.family, identity.weights_sha256, reading, dtype, max_tokens, template.key]
    digest = hashlib.sha256(json.dumps(head).encode())
    for example in examples:
        digest.update(json.dumps([example.values[name] for name in template.fields]).encode())
    return digest.hexdigest()


class StateCache:
    """Answer states in a folder.

    Args:
        folder: made when the first entry is written.
        limit: size in bytes above which the entries used longest ago are removed.
    """

    def __init__(self, folder: Path, limit: int = DEFAULT_LIMIT) -> None:
        self.folder = folder
        self.limit = limit
        self._size: int | None = None
        self._writable = True

    def path(self, key: str) -> Path:
        """Where the entry of `key` lies."""
        return self.folder / key[:2] / f"{key}.safetensors"

    def get(self, key: str) -> AnswerStates | None:
        """The entry, or None when there is none or it is damaged."""
        path = self.path(key)
        try:
            tensors = safetensors_numpy.load(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, SafetensorError, ValueError) as error:
            _log.warning("cache entry %s cannot be read (%s); computed again", path.name, error)
            return None
        stored = tensors.pop("sha256", np.zeros(0, dtype=np.uint8))
        if stored.tobytes() != _checksum(tensors):
            _log.warning("cache entry %s is damaged; computed again", path.name)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # the time of last use decides what is removed first
        return AnswerStates(
            tensors["hidden"],
            tensors["log_partition"],
            tensors["tokens"],
            tensors["shortened"].astype(np.bool_),
        )

    def put(self, key: str, states: AnswerStates) -> None:
        """Keep an entry. A folder that cannot be written is told once, and the work goes on without it."""
        if not self._writable:
            return
        hidden, log_partition, tokens, shortened = astuple(states)
        tensors = {
            "hidden": np.ascontiguousarray(hidden),
            "log_partition": np.ascontiguousarray(log_partition),
            "tokens": np.ascontiguousarray(tokens),
            "shortened": np.ascontiguousarray(shortened, dtype=np.uint8),
        }
        stored = {**tensors, "sha256": np.frombuffer(_checksum(tensors), dtype=np.uint8)}
        content = safetensors_numpy.save(stored)
        path = self.path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, content)
            self._make_room(len(content))
        except OSError as error:
            self._writable = False
            _log.warning("answer states are not cached: %s", error)

    def _make_room(self, added: int) -> None:
        self._size = self._measure() if self._size is None else self._size + added
        if self._size <= self.limit:
            return
        entries = []
        for path in self.folder.glob("*/*.safetensors"):
            with contextlib.suppress(OSError):  # another process may have removed it
                stat = path.stat()
                entries.append((stat.st_mtime, stat.st_size, path))
        size = sum(entry[1] for entry in entries)
        for _, length, path in sorted(entries)[:-1]:
            if size <= 0.8 * self.limit:
                break
            path.unlink(missing_ok=True)
            size -= length
        self._size = size

    def _measure(self) -> int:
        """Bytes of all entries; what killed processes left half written is removed after a day."""
        size = 0
        for path in self.folder.glob("*/*"):
            with contextlib.suppress(OSError):
                stat = path.stat()
                if path.suffix == ".safetensors":
                    size += stat.st_size
                elif path.suffix == ".tmp" and time.time() - stat.st_mtime > _STALE_SECONDS:
                    path.unlink()
        return size


def _checksum(tensors: Mapping[str, np.ndarray]) -> bytes:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(f"{name}{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.digest()


def _write(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
