"""The sample tasks that come with the software."""

from __future__ import annotations

from pathlib import Path

import promptsearch
from promptsearch.tasks.meta import META_FILE, read_meta


def corpora_folder() -> Path:
    """Where the samples are: inside the installed package, or at the top of a checkout."""
    package = Path(promptsearch.__file__).parent
    packaged = package / "corpora"
    return packaged if packaged.is_dir() else package.parents[1] / "corpora"


def sample_names() -> tuple[str, ...]:
    """Names of the samples, each a task of its own."""
    root = corpora_folder()
    if not root.is_dir():
        return ()
    return tuple(sorted(folder.name for folder in root.iterdir() if (folder / META_FILE).is_file()))


def sample_folder(name: str) -> Path | None:
    """The folder of a sample; None for a name that is none."""
    return corpora_folder() / name if name in sample_names() else None


def sample_relations(name: str) -> tuple[str, ...]:
    """The relations that a sample has facts of; () for a sample that is no set of facts."""
    folder = sample_folder(name)
    return tuple(read_meta(folder).relations) if folder else ()
