"""The files of a run."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from importlib.metadata import PackageNotFoundError, version
from itertools import chain, count
from pathlib import Path
from typing import Any

from promptsearch.artefact.readouts import tensor_file_name
from promptsearch.errors import StorageError
from promptsearch.paths import atomic_write, storage_errors
from promptsearch.showing import whole_text
from promptsearch.study.trial import Trial

PROMPT_FILE = "best_prompt.json"
RUN_FILES = (
    "config.json",
    "candidates.jsonl",
    PROMPT_FILE,
    tensor_file_name(PROMPT_FILE),
    "report.md",
    "label-words.svg",
    "mined-templates.svg",
    "mined.json",
)
_ENSEMBLES = "ensemble*.json"  # one a PLM where there are several
_OTHER_FOLDER = "Choose an empty one with --out."
_PACKAGES = ("promptsearch", "torch", "transformers", "datasets", "optuna", "nltk", "numpy")


def versions() -> dict[str, str]:
    """Versions of Python and of what figures may depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue  # imported from a source tree that was never installed
    return found


def new_folder(task: str, out: Path | None) -> Path:
    """An empty folder for a run: `out`, or runs/TASK-TIME.

    Raises:
        StorageError: it cannot be made, or holds files of another kind.
    """
    if out is None:
        stem = "".join(char if char.isalnum() or char in "-_" else "-" for char in task)[:100]
        return _first_free(Path("runs") / f"{stem}-{datetime.now().strftime('%Y%m%d-%H%M%S')}")
    if not _make(out):
        if not out.is_dir():
            raise StorageError("the run folder is a file", where=str(out), hint=_OTHER_FOLDER)
        with storage_errors(out):
            others = [entry.name for entry in out.iterdir() if not _is_run_file(entry)]
        if others:
            raise StorageError(
                f"the folder for the run holds other files, first {others[0]}",
                where=str(out),
                hint=_OTHER_FOLDER,
            )
    return out


def clear(folder: Path) -> None:
    """Remove the files of an earlier run, which must not stand beside those of a new one."""
    for name in (*RUN_FILES, *(path.name for path in folder.glob(_ENSEMBLES) if _is_run_file(path))):
        (folder / name).unlink(missing_ok=True)


def _first_free(folder: Path) -> Path:
    """`folder`, or with a number behind it where runs began in the same second."""
    names = chain([folder], (folder.with_name(f"{folder.name}-{number}") for number in count(2)))
    return next(name for name in names if _make(name))


def _make(folder: Path) -> bool:
    """Make a folder; whether it was not there before."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return False
    except OSError as error:
        raise StorageError(
            f"the run folder cannot be made: {error.strerror}", where=str(folder), hint=_OTHER_FOLDER
        ) from error
    return True


def _is_run_file(path: Path) -> bool:
    name = path.name
    if name == "config.json":
        # Many tools have a file of this name.
        return '"fingerprint"' in path.read_text("utf-8", errors="replace")
    # A killed process may have left a file under its temporary name.
    unfinished = name.startswith(".") and name.endswith(".tmp")
    whole = name[1:].rsplit(".", 2)[0] if unfinished else name
    if fnmatchcase(whole, _ENSEMBLES):
        # So may a user's own file be called.
        return unfinished or '"promptsearch/ensemble"' in path.read_text("utf-8", errors="replace")
    return whole in RUN_FILES


def write_json(path: Path, value: Any) -> None:
    """Write JSON for people and machines; see `atomic_write`."""
    atomic_write(path, _json(value, 2) + "\n")


def write_candidates(path: Path, trials: Iterable[Trial], metric: str) -> None:
    """One line a trial."""
    atomic_write(path, "".join(f"{_json(trial.record(metric))}\n" for trial in trials))


def _json(value: Any, indent: int | None = None) -> str:
    """In the letters of the text; escaped where a path or the like holds bytes that are no text."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    return text if whole_text(text) == text else json.dumps(value, indent=indent, allow_nan=False)
