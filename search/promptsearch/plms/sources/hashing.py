"""sha256 of a model's weights, remembered so that large files are not read again on every start."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from promptsearch.errors import StorageError
from promptsearch.paths import atomic_write, cache_dir
from promptsearch.plms.sources.files import weight_files

_log = logging.getLogger(__name__)
_BLOCK = 1 << 20


def weights_sha256(folder: Path) -> str:
    """sha256 (hex) over the safetensors files one after the other, in the order of their names.

    Remembered in the cache by path, size and time of change.
    """
    files = weight_files(folder)
    key = str(folder.resolve())
    stats = [[path.name, stat.st_size, stat.st_mtime_ns] for path in files for stat in [path.stat()]]
    memory = cache_dir() / "weights-sha256.json"
    match _read(memory).get(key):
        case {"files": known, "sha256": str(sha256)} if known == stats:
            return sha256
    sha256 = _hash(files)
    _remember(memory, key, {"files": stats, "sha256": sha256})
    return sha256


def _hash(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()


def _read(memory: Path) -> dict[str, Any]:
    try:
        content = json.loads(memory.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        _log.info("%s cannot be read and is written anew: %s", memory, error)
        return {}
    return content if isinstance(content, dict) else {}


def _remember(memory: Path, folder: str, entry: dict[str, Any]) -> None:
    kept = {known: value for known, value in _read(memory).items() if Path(known).exists()}
    try:
        atomic_write(memory, json.dumps({**kept, folder: entry}, indent=1))
    except StorageError as error:
        _log.info("the hash of %s is not remembered: %s", folder, error)
