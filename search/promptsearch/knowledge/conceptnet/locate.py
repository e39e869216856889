"""Finding the assertions to use, and the index of them in the cache."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path

from promptsearch.errors import KnowledgeError
from promptsearch.knowledge.conceptnet.assertions import Progress
from promptsearch.knowledge.conceptnet.index import FORMAT, DamagedIndexError, Index, build_index
from promptsearch.paths import cache_dir

VARIABLE = "PROMPTSEARCH_CONCEPTNET"
_STALE_SECONDS = 24 * 3600
_PUBLISHED = (
    "Download conceptnet-assertions-5.7.0.csv.gz (linked from "
    "https://github.com/commonsense/conceptnet5/wiki/Downloads) and name it with --conceptnet FILE or in "
    f"{VARIABLE}. A file of your own will do too, a line head, relation, tail, weight between tabs."
)


def open_index(path: Path | None, language: str, progress: Progress | None = None) -> Index:
    """The index of a file of assertions, made now where the cache has none or a damaged one.

    Args:
        path: the file; None takes the one that `PROMPTSEARCH_CONCEPTNET` names, else the index of the
            language that was made last.

    Raises:
        KnowledgeError: there is no file and no index, or the file is unfit; see `build_index`.
        StorageError: the index cannot be written.
    """
    if path is None and (named := os.environ.get(VARIABLE)):
        path = Path(named).expanduser()
    if path is None:
        return _newest_index(language)
    target = index_path(path, language)
    if target.exists():
        with suppress(DamagedIndexError):
            return Index(target)
    _remove_stale(target.parent)
    build_index(path, target, language, progress)
    return Index(target)


def rebuilt(index: Index, progress: Progress | None = None) -> Index:
    """A damaged index made again from its source.

    Raises:
        KnowledgeError: the source is gone or another one by now.
    """
    index.close()
    index.path.unlink(missing_ok=True)
    source, language = Path(index.about["source"]), index.about["language"]
    if not source.is_file() or index_path(source, language) != index.path:
        raise _damaged(index.path)
    return open_index(source, language, progress)


def index_path(source: Path, language: str) -> Path:
    """Where the index of a file stands: a name made of the file's name, size and time of change.

    Raises:
        KnowledgeError: there is no such file.
    """
    if not source.is_file():
        message = "is a folder, not a file of assertions" if source.is_dir() else "no such file of assertions"
        raise KnowledgeError(message, where=str(source), hint=_PUBLISHED)
    stat = source.stat()
    key = repr((FORMAT, source.name, stat.st_size, stat.st_mtime_ns, language))
    return _folder() / f"{language}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.sqlite"


def _folder() -> Path:
    return cache_dir() / "conceptnet"


def _newest_index(language: str) -> Index:
    paths = sorted(
        _folder().glob(f"{language}-*.sqlite"), key=lambda path: path.stat().st_mtime, reverse=True
    )
    for path in paths:
        with suppress(DamagedIndexError):
            return Index(path)
    if paths:
        raise _damaged(paths[0])
    raise KnowledgeError(
        f"no ConceptNet assertions are at hand for the language {language!r}",
        where=str(_folder()),
        hint=_PUBLISHED,
    )


def _damaged(path: Path) -> KnowledgeError:
    hint = "Name the file of assertions once more, so that it is made again. " + _PUBLISHED
    return KnowledgeError("the index of ConceptNet is damaged", where=str(path), hint=hint)


def _remove_stale(folder: Path) -> None:
    """Remove what killed processes have left half made; a day old, since others may be at work."""
    for leftover in folder.glob(".*.tmp"):
        with suppress(FileNotFoundError):
            if time.time() - leftover.stat().st_mtime > _STALE_SECONDS:
                leftover.unlink()
